package form

import (
	"regexp"
	"strings"
)

const (
	// tokenClass is the inside of a regular expression's class: the characters of a token (RFC 9110, section 5.6.2).
	tokenClass = "!#$%&'*+\\-.^_`|~0-9A-Za-z"
	// maxParameters is the most parameters that one header may carry. No header of a form needs more.
	maxParameters = 8
)

var (
	// nextParameter is one parameter with the semicolon before it. Quoted values know no escapes here: readers differ
	// in what a backslash means, above all in file names from Windows.
	nextParameter = regexp.MustCompile("^; ?([" + tokenClass + "]+)=(?:([" + tokenClass + "]+)|\"([^\"\\\\\\x00-\\x1f\\x7f]*)\")")
	// mediaType is what stands before the parameters of a Content-Type.
	mediaType = regexp.MustCompile("^[" + tokenClass + "]+/[" + tokenClass + "]+")
	// tokenAtStart is a token with what may wrongly surround an equals sign.
	tokenAtStart = regexp.MustCompile("^([" + tokenClass + "]+)(.?)")
	// controlByte is what no header may hold. Line ends are taken away before.
	controlByte = regexp.MustCompile(`[\x00-\x1f\x7f]`)
)

// parameter is one name=value of a header. Name is as it was sent.
type parameter struct {
	Name  string
	Value string
}

// parameters reads everything that follows a header's first word. The fault, when there is one, is the end of a
// sentence whose beginning names the header.
func parameters(text string) ([]parameter, string) {
	list := []parameter{}
	seen := map[string]bool{}
	for text != "" {
		found := nextParameter.FindStringSubmatch(text)
		if found == nil {
			return nil, parameterFault(text, len(list) > 0)
		}
		name := strings.ToLower(found[1])
		if seen[name] {
			return nil, "has the parameter " + name + " twice"
		}
		if len(list) == maxParameters {
			return nil, "has too many parameters"
		}
		seen[name] = true
		list = append(list, parameter{Name: found[1], Value: found[2] + found[3]})
		text = text[len(found[0]):]
	}
	return list, ""
}

// parameterFault says why no parameter could be read at the beginning of the text, which is not empty.
func parameterFault(text string, afterParameter bool) string {
	bare := strings.TrimLeft(text, " ")
	switch {
	case bare == "":
		return "ends in blanks"
	case bare[0] == ';' && text[0] == ' ':
		return "has a blank before a semicolon"
	case text[0] == ' ' && tokenAtStart.MatchString(bare):
		return "lacks a semicolon between its parameters"
	case text[0] != ';' && afterParameter:
		return "has a value with wrong quoting: put the whole value between two double quotes"
	case text[0] != ';':
		return "has characters that do not belong there"
	}
	return parameterBodyFault(strings.TrimPrefix(text[1:], " "))
}

// parameterBodyFault says what is wrong with a parameter, given without its semicolon and the blank after it.
func parameterBodyFault(text string) string {
	name := tokenAtStart.FindStringSubmatch(text)
	switch {
	case strings.Trim(text, " ") == "":
		return "ends in a semicolon"
	case text[0] == ';':
		return "has an empty parameter"
	case text[0] == ' ':
		return "has more than one blank after a semicolon"
	case name == nil:
		return "has a parameter without a proper name"
	case name[2] == " ":
		return "has a blank after a parameter's name"
	case name[2] != "=":
		return "has a parameter without a value"
	}
	value := text[len(name[0]):]
	switch {
	case value == "" || value[0] == ';':
		return "has a parameter with an empty value"
	case value[0] == ' ':
		return "has a blank after an equals sign"
	case value[0] != '"':
		return "has a value with characters that must stand in double quotes"
	case strings.Contains(value, "\\"):
		return "has a backslash in a quoted value, which readers take differently"
	}
	return "has a quote that is never closed"
}
