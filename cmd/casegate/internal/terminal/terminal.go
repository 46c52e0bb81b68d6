// Package terminal makes text that came from elsewhere safe to print.
package terminal

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Safe returns the text, quoted with escapes when it holds anything that is not plainly visible: a file's name must not
// move the cursor, colour the screen or turn the direction of reading.
func Safe(text string) string {
	hidden := func(r rune) bool { return !strconv.IsPrint(r) }
	if utf8.ValidString(text) && !strings.ContainsFunc(text, hidden) {
		return text
	}
	return strconv.Quote(text)
}
