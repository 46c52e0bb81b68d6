package form

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"
)

// This is the same set of rules a second time: byte by byte over the whole body, without buffers and without regular
// expressions, and slow. The fuzz targets hold the reader against it.

// referenceForm reads a whole form; ok is false where it must be refused.
func referenceForm(body, boundary string) (result form, ok bool) {
	parts, ok := referenceParts(body, "--"+boundary)
	if !ok {
		return form{}, false
	}
	hasFile := false
	for _, part := range parts {
		blank := strings.Index(part, "\r\n\r\n")
		if blank < 0 || blank > maxHead {
			return form{}, false
		}
		head, ok := referenceHead(part[:blank])
		data := part[blank+4:]
		if !ok || head.length >= 0 && head.length != len(data) {
			return form{}, false
		}
		switch {
		case head.name == "file" && head.hasFilename && !hasFile:
			hasFile = true
			result.filename, result.file = head.filename, data
		case head.name == "filename" && !head.hasFilename && !result.hasTitle:
			if !referenceTitle(head, data) {
				return form{}, false
			}
			result.hasTitle, result.title = true, data
		default:
			return form{}, false
		}
	}
	return result, hasFile
}

// referenceParts cuts a form at every line that begins with the dashes, wherever a line may begin for any reader.
func referenceParts(body, dashes string) (parts []string, ok bool) {
	last := -1 // where the current part begins
	for at := 0; at < len(body); at++ {
		lineBegins := at == 0 || body[at-1] == '\n' || body[at-1] == '\r'
		if !lineBegins || !strings.HasPrefix(body[at:], dashes[:min(len(dashes), maxNeedle)]) {
			continue
		}
		if !strings.HasPrefix(body[at:], dashes) {
			return nil, false
		}
		if last < 0 && at > 0 {
			return nil, false
		}
		if at > 0 {
			if at < 2 || body[at-2:at] != "\r\n" || at-2 < last {
				return nil, false
			}
			parts = append(parts, body[last:at-2])
		}
		rest := body[at+len(dashes):]
		if strings.HasPrefix(rest, "--") {
			rest = rest[2:]
			return parts, rest == "" || rest == "\r\n" || rest == "\r\n\r\n"
		}
		if !strings.HasPrefix(rest, "\r\n") {
			return nil, false
		}
		last = at + len(dashes) + 2
	}
	return nil, false
}

func referenceTitle(head head, data string) bool {
	if len(data) > maxText || head.media != "" && head.media != "text/plain" {
		return false
	}
	switch head.charset {
	case "", "utf-8":
		return true
	case "us-ascii", "iso-8859-1":
		for i := 0; i < len(data); i++ {
			if data[i] >= 0x80 {
				return false
			}
		}
		return true
	}
	return false
}

func referenceHead(text string) (result head, ok bool) {
	result.length = -1
	counts := map[string]int{}
	for _, line := range strings.Split(text, "\r\n") {
		colon := strings.Index(line, ":")
		if colon < 0 || !referenceToken(line[:colon]) {
			return result, false
		}
		value := strings.TrimPrefix(line[colon+1:], " ")
		if value == "" || value[0] == ' ' || value[len(value)-1] == ' ' {
			return result, false
		}
		for i := 0; i < len(value); i++ {
			if value[i] < 0x20 || value[i] == 0x7f {
				return result, false
			}
		}
		name := strings.ToLower(line[:colon])
		counts[name]++
		ok := true
		switch name {
		case "content-disposition":
			ok = referenceDisposition(&result, value)
		case "content-type":
			ok = referenceType(&result, value)
		case "content-length":
			number, err := strconv.Atoi(value)
			ok = err == nil && strconv.Itoa(number) == value && number >= 0 && len(value) <= 15
			result.length = number
		case "content-transfer-encoding":
			lower := strings.ToLower(value)
			ok = lower == "binary" || lower == "7bit" || lower == "8bit"
		default:
			ok = false
		}
		if !ok || counts[name] > 1 {
			return result, false
		}
	}
	return result, counts["content-disposition"] == 1
}

func referenceDisposition(result *head, value string) bool {
	if len(value) < 9 || strings.ToLower(value[:9]) != "form-data" {
		return false
	}
	list, ok := referenceParameters(value[9:])
	if !ok {
		return false
	}
	extended, hasExtended, hasName := "", false, false
	for _, one := range list {
		switch one.Name {
		case "name":
			hasName, result.name = true, one.Value
		case "filename":
			result.hasFilename, result.filename = true, one.Value
		case "filename*":
			hasExtended, extended = true, one.Value
			continue
		default:
			return false
		}
		if referenceParameterInside(one.Value) {
			return false
		}
	}
	word, isWord := strings.CutPrefix(result.filename, "=?")
	word, closed := strings.CutSuffix(word, "?=")
	if !hasExtended {
		return hasName && !(strings.HasPrefix(result.filename, "=?") && strings.HasSuffix(result.filename, "?="))
	}
	name, ok := referenceExtended(extended)
	if !ok || !hasName || !result.hasFilename {
		return false
	}
	plain := result.filename
	if isWord && closed && len(word) > 8 && strings.ToLower(word[:8]) == "utf-8?b?" && referenceBase64(word[8:]) {
		decoded, err := base64.StdEncoding.DecodeString(word[8:])
		if err != nil {
			return false
		}
		plain = string(decoded)
	}
	result.filename = name
	return plain == name
}

// referenceBase64 says whether a text looks like base64 with at most two equals signs at its end.
func referenceBase64(text string) bool {
	bare := strings.TrimSuffix(strings.TrimSuffix(text, "="), "=")
	for i := 0; i < len(bare); i++ {
		if !referenceLetter(bare[i]) && bare[i] != '+' && bare[i] != '/' {
			return false
		}
	}
	return bare != ""
}

// referenceExtended decodes a value in the form of RFC 8187.
func referenceExtended(value string) (string, bool) {
	pieces := strings.Split(value, "'")
	if len(pieces) != 3 || strings.ToLower(pieces[0]) != "utf-8" || pieces[2] == "" {
		return "", false
	}
	for i := 0; i < len(pieces[1]); i++ {
		if c := pieces[1][i]; !referenceLetter(c) && c != '-' {
			return "", false
		}
	}
	var name []byte
	text := pieces[2]
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '%':
			if i+2 >= len(text) {
				return "", false
			}
			number, err := strconv.ParseUint(text[i+1:i+3], 16, 8)
			if err != nil || strings.ContainsAny(text[i+1:i+3], "+-_") {
				return "", false
			}
			name = append(name, byte(number))
			i += 2
		case referenceLetter(c) || strings.IndexByte("!#$&+-.^_`|~", c) >= 0:
			name = append(name, c)
		default:
			return "", false
		}
	}
	return string(name), utf8.Valid(name)
}

func referenceType(result *head, value string) bool {
	slash := strings.Index(value, "/")
	if slash < 0 || !referenceToken(value[:slash]) {
		return false
	}
	finish := slash + 1
	for finish < len(value) && referenceToken(value[finish:finish+1]) {
		finish++
	}
	if finish == slash+1 {
		return false
	}
	list, ok := referenceParameters(value[finish:])
	if !ok {
		return false
	}
	result.media = strings.ToLower(value[:finish])
	for _, one := range list {
		if strings.Contains(one.Name, "*") {
			return false
		}
		if strings.ToLower(one.Name) == "charset" {
			result.charset = strings.ToLower(one.Value)
		}
	}
	return !strings.HasPrefix(result.media, "multipart/")
}

// referenceParameters reads everything after a header's first word.
func referenceParameters(text string) (list []parameter, ok bool) {
	seen := map[string]bool{}
	for text != "" {
		if text[0] != ';' {
			return nil, false
		}
		text = strings.TrimPrefix(text[1:], " ")
		equals := strings.Index(text, "=")
		if equals < 0 || !referenceToken(text[:equals]) {
			return nil, false
		}
		name := text[:equals]
		text = text[equals+1:]
		value := ""
		if strings.HasPrefix(text, `"`) {
			quote := strings.Index(text[1:], `"`)
			if quote < 0 {
				return nil, false
			}
			value = text[1 : 1+quote]
			text = text[quote+2:]
			if strings.Contains(value, `\`) {
				return nil, false
			}
		} else {
			semicolon := strings.Index(text, ";")
			if semicolon < 0 {
				semicolon = len(text)
			}
			value = text[:semicolon]
			text = text[semicolon:]
			if !referenceToken(value) {
				return nil, false
			}
		}
		for i := 0; i < len(value); i++ {
			if value[i] < 0x20 || value[i] == 0x7f {
				return nil, false
			}
		}
		if seen[strings.ToLower(name)] || len(list) == maxParameters {
			return nil, false
		}
		seen[strings.ToLower(name)] = true
		list = append(list, parameter{name, value})
	}
	return list, true
}

// referenceParameterInside looks for "; token =" and for name=, filename= and their starred forms at a word's beginning.
func referenceParameterInside(value string) bool {
	lower := strings.ToLower(value)
	for i := 0; i < len(lower); i++ {
		if lower[i] == ';' {
			word := strings.TrimLeft(lower[i+1:], " \t")
			length := 0
			for length < len(word) && referenceToken(word[length:length+1]) {
				length++
			}
			if length > 0 && strings.HasPrefix(strings.TrimLeft(word[length:], " \t"), "=") {
				return true
			}
		}
		if i > 0 && (referenceLetter(lower[i-1]) || lower[i-1] == '_') {
			continue
		}
		rest, found := strings.CutPrefix(strings.TrimPrefix(lower[i:], "file"), "name")
		if !found {
			continue
		}
		for strings.HasPrefix(rest, "*") {
			rest = strings.TrimLeft(rest[1:], "0123456789")
		}
		if strings.HasPrefix(strings.TrimLeft(rest, " \t"), "=") {
			return true
		}
	}
	return false
}

func referenceLetter(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func referenceToken(text string) bool {
	for i := 0; i < len(text); i++ {
		if !referenceLetter(text[i]) && strings.IndexByte("!#$%&'*+-.^_`|~", text[i]) < 0 {
			return false
		}
	}
	return text != ""
}

// referenceBoundary reads a Content-Type.
func referenceBoundary(text string) (boundary string, ok bool) {
	if len(text) > maxContentType || len(text) < 19 || strings.ToLower(text[:19]) != "multipart/form-data" {
		return "", false
	}
	list, ok := referenceParameters(text[19:])
	if !ok {
		return "", false
	}
	found := false
	for _, one := range list {
		switch strings.ToLower(one.Name) {
		case "boundary":
			found, boundary = true, one.Value
		case "elastic-api-version":
			ok = ok && one.Value == apiVersion
		case "charset":
			ok = ok && strings.ToLower(one.Value) == "utf-8"
		default:
			ok = false
		}
	}
	for i := 0; i < len(boundary); i++ {
		if c := boundary[i]; !referenceLetter(c) && strings.IndexByte("'()+_,-./:=? ", c) < 0 {
			ok = false
		}
	}
	ok = ok && found && boundary != "" && len(boundary) <= 70 && !strings.HasSuffix(boundary, " ") &&
		!strings.Contains(strings.ToLower(boundary), "boundary=")
	return boundary, ok
}
