package form

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxHead is the longest head of a part, in bytes.
	maxHead = 8 << 10
	// maxHeaders is the most headers in it: as many as there are kinds that are known.
	maxHeaders = 4
)

// commonType is the Content-Type of a part as nearly all clients write it, if they do.
const commonType = `(?:\r\n(?i:Content-Type): (?:application|audio|font|image|model|text|video)/[0-9A-Za-z.+\-]+(?:; ?charset=[0-9A-Za-z\-]+)?)?`

var (
	// commonHead is how the heads of nearly all clients look. It accepts less than readHead and never anything else; it
	// is written so that Go's regexp package can run it in one pass.
	commonHead = regexp.MustCompile(`^(?i:Content-Disposition): form-data; name="file(?:name"|"; filename="([^"\\;=?\x00-\x1f\x7f\x{fffd}]+)"` + commonType + `)$`)
	// plainHead is such a head of the file, with a name that plainName would accept but for its length.
	plainHead = regexp.MustCompile(`^(?i:Content-Disposition): form-data; name="file"; filename="([^;=?\x{fffd}` + unsafeCharacters + `]+)"` + commonType + `$`)
	// headerLine is one header. One blank may follow the colon: some readers take further ones for part of the value.
	headerLine = regexp.MustCompile("^([" + tokenClass + "]+): ?([^ ](?:.*[^ ])?)$")
	// extendedValue is a value in the form of RFC 8187.
	extendedValue = regexp.MustCompile("^(?i:utf-8)'[0-9A-Za-z\\-]*'((?:[!#$&+\\-.^_`|~0-9A-Za-z]|%[0-9A-Fa-f]{2})+)$")
	// encodedWord is a value in the form of RFC 2047, which .NET sends beside filename* for a name that is not ASCII.
	encodedWord = regexp.MustCompile(`^=\?(?i:utf-8\?b)\?([0-9A-Za-z+/]+={0,2})\?=$`)
	// parameterInside is text in a quoted value that a reader looking for parameters by their names could find.
	parameterInside = regexp.MustCompile("(?i);[ \t]*[" + tokenClass + "]+[ \t]*=|\\b(?:file)?name(?:\\*[0-9]*)*[ \t]*=")
	// decimal is a length without leading zeros that fits an int.
	decimal = regexp.MustCompile(`^(?:0|[1-9][0-9]{0,14})$`)
)

// head is what the head of a part says.
type head struct {
	name     string
	filename string
	// hasFilename tells a part without a filename from one whose filename is empty.
	hasFilename bool
	// length is what Content-Length says, or -1.
	length int
	// media is the Content-Type without its parameters, in lower case; charset is that parameter, in lower case.
	media, charset string
}

// readHead reads a head, given without the empty line at its end. The fault, when there is one, is the end of a
// sentence that begins with the part's number.
func readHead(text string) (head, string) {
	result, fault := head{length: -1}, ""
	lines := strings.Split(text, "\r\n")
	// The lines' form comes first: a folded header would otherwise be taken for a shortened one.
	for i, line := range lines {
		if i == maxHeaders {
			return result, "has more than four headers"
		}
		if !headerLine.MatchString(line) || controlByte.MatchString(line) {
			return result, headerFault(line)
		}
	}
	seen := map[string]bool{}
	for _, line := range lines {
		found := headerLine.FindStringSubmatch(line)
		name := strings.ToLower(found[1])
		if seen[name] {
			return result, "has the header " + name + " twice"
		}
		seen[name] = true
		switch name {
		case "content-disposition":
			fault = result.readDisposition(found[2])
		case "content-type":
			fault = result.readType(found[2])
		case "content-length":
			fault = result.readLength(found[2])
		case "content-transfer-encoding":
			fault = transferFault(found[2])
		default:
			fault = "has a header other than Content-Disposition, Content-Type, Content-Length and Content-Transfer-Encoding"
		}
		if fault != "" {
			return result, fault
		}
	}
	if !seen["content-disposition"] {
		return result, "has no Content-Disposition"
	}
	return result, ""
}

// headerFault says why a line of a head is no header.
func headerFault(line string) string {
	colon := strings.IndexByte(line, ':')
	switch {
	case strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t"):
		return "has a folded header: write every header on one line"
	case strings.Contains(line, "\n"):
		return "has a line that ends in LF without CR"
	case strings.Contains(line, "\r"):
		return "has a CR without LF"
	case controlByte.MatchString(line):
		return "has a control character in its headers"
	case colon < 0:
		return "has a header without a colon"
	case colon == 0:
		return "has a header without a name"
	case line[colon-1] == ' ':
		return "has a blank before a header's colon"
	case strings.Trim(line[colon+1:], " ") == "":
		return "has a header without a value"
	case strings.HasPrefix(line[colon+1:], "  "):
		return "has more than one blank after a header's colon"
	case line[len(line)-1] == ' ':
		return "has a header that ends in a blank"
	}
	return "has a header whose name holds characters that are not allowed in one"
}

// readDisposition reads the value of a Content-Disposition.
func (h *head) readDisposition(value string) (fault string) {
	const formData = "form-data"
	if len(value) < len(formData) || !strings.EqualFold(value[:len(formData)], formData) {
		return "has a Content-Disposition other than form-data"
	}
	list, fault := parameters(value[len(formData):])
	if fault != "" {
		return "has a Content-Disposition that " + fault
	}
	hasName, extended := false, ""
	for _, one := range list {
		switch one.Name {
		case "name":
			hasName = true
			h.name = one.Value
		case "filename":
			h.hasFilename = true
			h.filename = one.Value
		case "filename*":
			extended = one.Value
		default:
			return dispositionFault(one.Name)
		}
		if one.Name != "filename*" && parameterInside.MatchString(one.Value) {
			return "has text that looks like a parameter inside its " + one.Name + ": rename the file"
		}
	}
	if !hasName {
		return "has a Content-Disposition without a name"
	}
	return h.settleFilename(extended)
}

// dispositionFault says what is wrong with the name of a parameter.
func dispositionFault(name string) string {
	lower := strings.ToLower(name)
	switch {
	case strings.HasPrefix(lower, "filename*") || strings.HasPrefix(lower, "name*"):
		return "has a parameter in the form of RFC 2231, which readers put together differently: write it in one piece, as name= or filename="
	case lower == "name" || lower == "filename":
		return "has the parameter " + lower + " not in lower case"
	}
	return "has a Content-Disposition with a parameter other than name and filename"
}

// settleFilename compares filename with filename*, where there is one. Some readers take the one and some the other,
// so both must be the same name. .NET writes the plain one as an encoded word where the name is not ASCII; without its
// companion an encoded word is decoded by some readers only.
func (h *head) settleFilename(extended string) (fault string) {
	if extended == "" {
		if strings.HasPrefix(h.filename, "=?") && strings.HasSuffix(h.filename, "?=") {
			return "has a filename that is an encoded word (RFC 2047): send the name as UTF-8"
		}
		return ""
	}
	if !h.hasFilename {
		return "has a filename* without a filename: send the plain filename"
	}
	found := extendedValue.FindStringSubmatch(extended)
	if found == nil {
		return "has a filename* that is not UTF-8 in the form of RFC 8187"
	}
	name, err := url.PathUnescape(found[1])
	if err != nil || !utf8.ValidString(name) {
		return "has a filename* that is not UTF-8 in the form of RFC 8187"
	}
	plain := h.filename
	if word := encodedWord.FindStringSubmatch(plain); word != nil {
		decoded, err := base64.StdEncoding.DecodeString(word[1])
		if err != nil {
			return "has a filename that is a broken encoded word (RFC 2047): send the name as UTF-8"
		}
		plain = string(decoded)
	}
	if plain != name {
		return "has a filename and a filename* that differ: send the same name in both"
	}
	h.filename = name
	return ""
}

// readType reads the value of a Content-Type.
func (h *head) readType(value string) (fault string) {
	media := mediaType.FindString(value)
	if media == "" {
		return "has a Content-Type that is not a media type"
	}
	list, fault := parameters(value[len(media):])
	if fault != "" {
		return "has a Content-Type that " + fault
	}
	h.media = strings.ToLower(media)
	if strings.HasPrefix(h.media, "multipart/") {
		return "is a multipart itself: send the file as one part"
	}
	for _, one := range list {
		if strings.Contains(one.Name, "*") {
			return "has a Content-Type with a parameter in the form of RFC 2231"
		}
		if strings.EqualFold(one.Name, "charset") {
			h.charset = strings.ToLower(one.Value)
		}
	}
	return ""
}

// readLength reads the value of a Content-Length.
func (h *head) readLength(value string) (fault string) {
	if !decimal.MatchString(value) {
		return "has a Content-Length that is not a number of bytes"
	}
	length, err := strconv.Atoi(value)
	if err != nil {
		return "has a Content-Length that is not a number of bytes"
	}
	h.length = length
	return ""
}

// transferFault judges a Content-Transfer-Encoding: only those that change nothing, because some readers decode the
// others and some do not.
func transferFault(value string) string {
	switch strings.ToLower(value) {
	case "binary", "7bit", "8bit":
		return ""
	}
	return "has a Content-Transfer-Encoding other than binary, 8bit and 7bit: send the bytes as they are"
}

// textFault judges the Content-Type of the text part filename.
func (h *head) textFault() string {
	if h.media != "" && h.media != "text/plain" {
		return "has a Content-Type other than text/plain"
	}
	switch h.charset {
	case "", "utf-8", "us-ascii", "iso-8859-1":
		return ""
	}
	return "has a charset other than utf-8"
}
