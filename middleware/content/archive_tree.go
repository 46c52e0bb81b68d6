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

// unsafeName finds what makes the path of a member mean something else on another system, or point out of the folder
// into which the archive is unpacked: control characters, backslashes, an absolute path, a drive letter, an element of
// two or more dots (Windows drops dots and blanks at an element's end).
var unsafeName = regexp.MustCompile(`[\x00-\x1f\x7f\\]|^/|^[A-Za-z]:|(?:^|/)\.\.[. ]*(?:/|$)`)

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

// add takes one more member and says what is wrong with its path, or "". Names that differ in case alone are two
// members: genuine source trees have them, and both are inspected.
func (t *tree) add(name string) (trouble string) {
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
	if unsafeName.MatchString(name) {
		return "has a path that is absolute, leads out of the archive, or holds backslashes or control characters"
	}
	return ""
}

// link takes a symbolic link that was added. Steps upwards may only stand at the beginning of its target: behind the
// name of a folder they mean something else when that folder is a link as well.
func (t *tree) link(name, target string) (trouble string) {
	place := path.Clean(name)
	t.links[place] = true
	rest := leadingDots.ReplaceAllString(target, "")
	end := path.Join(path.Dir(place), target)
	if target == "" || len(target) > maxPath || unsafeName.MatchString(rest) || end == ".." || strings.HasPrefix(end, "../") {
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
		for folder := path.Dir(name); folder != "." && folder != "/"; folder = path.Dir(folder) {
			if t.links[folder] {
				return name
			}
		}
	}
	return ""
}

const writesThrough = "would be unpacked through a link of the same archive"
