package policyfile

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// section reads the keys of one mapping, names without regard to case, and collects what is wrong with them.
type section struct {
	path   string
	keys   map[string]string // lower-case name → name as written
	values map[string]any    // by lower-case name; what is left after reading is unknown
	faults *[]string
}

func newSection(path string, values map[string]any) *section {
	s := &section{path: path, faults: &[]string{}}
	s.fill(values)
	return s
}

func (s *section) fill(values map[string]any) {
	s.keys = make(map[string]string, len(values))
	s.values = make(map[string]any, len(values))
	for _, key := range sortedKeys(values) {
		lower := strings.ToLower(key)
		if _, twice := s.keys[lower]; twice {
			s.fault(key, "stands twice (names are read without regard to case): leave one")
			continue
		}
		s.keys[lower] = key
		s.values[lower] = values[key]
	}
}

func (s *section) fault(key, problem string) {
	*s.faults = append(*s.faults, s.path+"."+key+": "+problem)
}

// take returns the value of a key and marks the key as known. A null counts as absent, as in the plugin.
func (s *section) take(name string) (any, bool) {
	lower := strings.ToLower(name)
	value, present := s.values[lower]
	delete(s.values, lower)
	return value, present && value != nil
}

func (s *section) section(name string) *section {
	inner := &section{path: s.path + "." + name, faults: s.faults}
	value, present := s.take(name)
	mapping, isMapping := value.(map[string]any)
	if present && !isMapping {
		s.fault(name, "must be a section with keys of its own")
	}
	inner.fill(mapping)
	return inner
}

func (s *section) text(name string, target *string) {
	value, present := s.take(name)
	if !present {
		return
	}
	text, isText := value.(string)
	if !isText {
		s.fault(name, "must be a text: write it in quotes")
		return
	}
	*target = text
}

func (s *section) duration(name string, target *time.Duration) {
	value, present := s.take(name)
	if !present {
		return
	}
	text, _ := value.(string)
	parsed, err := time.ParseDuration(text)
	if err != nil || parsed <= 0 {
		s.fault(name, "must be a time above zero with its unit, e.g. 30s or 2m")
		return
	}
	*target = parsed
}

var sizeForm = regexp.MustCompile(`^([0-9]{1,15})(|KiB|MiB|GiB|KB|MB|GB)$`)

var sizeUnits = map[string]int64{
	"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "KB": 1e3, "MB": 1e6, "GB": 1e9,
}

func (s *section) size(name string, target *int64) {
	value, present := s.take(name)
	if !present {
		return
	}
	groups := sizeForm.FindStringSubmatch(fmt.Sprint(value))
	if groups == nil {
		s.fault(name, "must be a size above zero such as 16KiB or 16384")
		return
	}
	number, err := strconv.ParseInt(groups[1], 10, 64)
	unit := sizeUnits[groups[2]]
	if err != nil || number == 0 || number > math.MaxInt64/unit {
		s.fault(name, "must be a size above zero such as 16KiB or 16384")
		return
	}
	*target = number * unit
}

// unknown reports the keys that nothing has taken.
func (s *section) unknown() {
	for _, lower := range sortedKeys(s.values) {
		s.fault(s.keys[lower], "unknown key")
	}
}
