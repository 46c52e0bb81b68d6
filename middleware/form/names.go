package form

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/casegate/casegate/middleware/refusal"
	"github.com/casegate/casegate/middleware/runnable"
)

// maxName is the longest name of a file and the longest title, in characters. It is Kibana's own limit for titles.
const maxName = 160

// unsafeCharacters are what no name may hold, as the inside of a regular expression's class: control characters,
// bidirectional controls, which show one extension and have another, line and paragraph separators, what nobody can
// see, and what ends a name in some reader. U+200C and U+200D stay: emoji and several scripts need them.
const unsafeCharacters = `\x00-\x1f\x7f-\x{9f}\x{202a}-\x{202e}\x{2066}-\x{2069}\x{2028}\x{2029}\x{200b}\x{feff}/\\"`

var (
	// plainName is a name without a fault but for its end and the reserved names. A U+FFFD is left to the longer way,
	// because the expression also takes bytes that are not UTF-8 for it.
	plainName = regexp.MustCompile(`^[^\x{fffd}` + unsafeCharacters + `]{1,160}$`)
	// controlCharacter, directionCharacter and hiddenCharacter name the fault.
	controlCharacter   = regexp.MustCompile(`[\x00-\x1f\x7f-\x{9f}]`)
	directionCharacter = regexp.MustCompile(`[\x{202a}-\x{202e}\x{2066}-\x{2069}]`)
	hiddenCharacter    = regexp.MustCompile(`[\x{2028}\x{2029}\x{200b}\x{feff}]`)
	// deviceName are the names that Windows gives to devices, whatever extension follows.
	deviceName = regexp.MustCompile(`^(?i:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[1-9¹²³]) *(?:\..*)?$`)
)

// CheckFilename judges a file's own name. Blanks at its beginning are fine: no reader drops them.
func CheckFilename(name string) *refusal.Refusal {
	if fault := nameFault(name); fault != "" {
		return refusal.New("filename_invalid", "the file's name "+fault)
	}
	return nil
}

// CheckTitle judges the value of the part filename, under which Kibana shows the file.
func CheckTitle(title string) *refusal.Refusal {
	if fault := nameFault(title); fault != "" {
		return refusal.New("filename_invalid", "the value of the part filename "+fault)
	}
	if extension := runnable.Extension(title); extension != "" {
		return refusal.New("filename_invalid", "the value of the part filename ends in ."+extension+", which runs when it is opened: leave the extension out")
	}
	return nil
}

// nameFault says what is wrong with a name, or nothing.
func nameFault(name string) string {
	if !plainName.MatchString(name) {
		if fault := characterFault(name); fault != "" {
			return fault
		}
	}
	switch name[len(name)-1] {
	case '.':
		return "ends in a dot: rename the file"
	case ' ':
		return "ends in a blank: rename the file"
	}
	if deviceName.MatchString(name) {
		return "is reserved for a device on Windows: rename the file"
	}
	return ""
}

// characterFault goes through the rules on length and characters one by one.
func characterFault(name string) string {
	switch {
	case name == "":
		return "is empty: give it a name"
	case !utf8.ValidString(name):
		return "is not valid UTF-8: send it as UTF-8"
	case utf8.RuneCountInString(name) > maxName:
		return "is longer than 160 characters: shorten it"
	case controlCharacter.MatchString(name):
		return "holds a control character: rename the file"
	case directionCharacter.MatchString(name):
		return "holds a character that turns the direction of writing: rename the file"
	case hiddenCharacter.MatchString(name):
		return "holds a character that can't be seen: rename the file"
	case strings.ContainsAny(name, `/\`):
		return `holds a / or a \: send the name without its folder`
	case strings.Contains(name, `"`):
		return "holds a double quote: rename the file"
	}
	return ""
}

// deviceStarts are the bytes that such a name begins with.
var deviceStarts = [256]bool{'c': true, 'C': true, 'p': true, 'P': true, 'a': true, 'A': true, 'n': true, 'N': true, 'l': true, 'L': true}
