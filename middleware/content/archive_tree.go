package content

import (
	"path"
	"regexp"
	"strings"
)

const (
	// maxPath is the longest path that Linux takes.
	maxPath = 4096
	// maxDepth bounds the folders on the way to a member.
	maxDepth = 64
)

// unsafeBytes mean something else on another system, or hide what a name says: control characters and backslashes.
const unsafeBytes = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f\\"

// unsafeDots finds an element of two or more dots: Windows drops dots and blanks at an element's end.
var unsafeDots = regexp.MustCompile(`(?:^|/)\.\.[. ]*(?:/|$)`)

// leadingDots are the steps upwards with which the target of a link may begin.
var leadingDots = regexp.MustCompile(`^(?:\.{1,2}(?:/+|$))*`)

// tree is what the members of one archive would become when they are unpacked.
type tree struct {
	seen  map[string]bool
	links map[string]bool
}

func newTree() *tree {
	return &tree{seen: map[string]bool{}, links: map[string]bool{}}
}

// addMember takes one more member and says what is wrong with its path, or "". Names that differ in case alone are two
// members: genuine source trees have them, and both are inspected.
func addMember(t *tree, name string) (trouble string) {
	if trouble := pathTrouble(name); trouble != "" {
		return trouble
	}
	place := path.Clean(name)
	if t.seen[place] && place != "." {
		return "stands there twice: programs differ in which of the two they unpack"
	}
	t.seen[place] = true
	return ""
}

// pathTrouble says what is wrong with the path of a member, whatever else the archive holds.
func pathTrouble(name string) string {
	if name == "" {
		return "has no name"
	}
	if len(name) > maxPath || strings.Count(name, "/") > maxDepth {
		return "has a path that is too long or too deep"
	}
	if leadsAway(name) {
		return "has a path that is absolute, leads out of the archive, or holds backslashes or control characters"
	}
	return ""
}

// leadsAway tells whether a path points out of the folder into which an archive is unpacked, on any system.
func leadsAway(name string) bool {
	if strings.ContainsAny(name, unsafeBytes) || name[0] == '/' || (len(name) > 1 && name[1] == ':' && name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z') {
		return true
	}
	return strings.Contains(name, "..") && unsafeDots.MatchString(name)
}

// link takes a symbolic link that was added. Steps upwards may only stand at the beginning of its target: behind the
// name of a folder they mean something else when that folder is a link as well.
func (t *tree) link(name, target string) (trouble string) {
	place := path.Clean(name)
	t.links[place] = true
	rest := leadingDots.ReplaceAllString(target, "")
	end := path.Join(path.Dir(place), target)
	if target == "" || len(target) > maxPath || (rest != "" && leadsAway(rest)) || end == ".." || strings.HasPrefix(end, "../") {
		return leadsOut
	}
	return ""
}

const leadsOut = "is a link that leads out of the archive"

// through finds a member that would be written through a link of the archive, or "".
func (t *tree) through() (name string) {
	if len(t.links) == 0 {
		return ""
	}
	for name := range t.seen {
		for slash := strings.LastIndexByte(name, '/'); slash > 0; slash = strings.LastIndexByte(name[:slash], '/') {
			if t.links[name[:slash]] {
				return name
			}
		}
	}
	return ""
}

const writesThrough = "would be unpacked through a link of the same archive"
