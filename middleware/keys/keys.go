// Package keys reads a configuration strictly: the raw maps, lists and texts that Traefik's providers, labels or a YAML
// file give. Names are matched without regard to case, and texts are accepted for every type, since that is what labels
// are. What is wrong is collected with its path, never returned, so that a configuration names all its faults at once.
package keys

import (
	"fmt"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Section is one level of a configuration. It belongs to one goroutine.
type Section struct {
	path    string
	raw     map[string]any
	spelled map[string]string // Lower-case name → the name as the operator wrote it.
	known   map[string]string // Lower-case name → the name as documented.
	faults  *[]string
}

// New makes the section at a path out of a raw value; "" is the top. Faults are added to the list, each "path: problem".
func New(path string, raw any, faults *[]string) *Section {
	s := &Section{path: path, raw: map[string]any{}, spelled: map[string]string{}, known: map[string]string{}, faults: faults}
	// Traefik's file provider makes an empty text of a section in which nothing is set.
	if raw == nil || raw == "" {
		return s
	}
	values, ok := raw.(map[string]any)
	if !ok {
		*faults = append(*faults, path+": must be a section with keys of its own, not "+Describe(raw))
		return s
	}
	for _, name := range sortedNames(values) {
		lower := strings.ToLower(name)
		if _, twice := s.raw[lower]; twice {
			s.fault(name, "stands there twice, in different spellings")
			continue
		}
		s.raw[lower] = values[name]
		s.spelled[lower] = name
	}
	return s
}

func sortedNames(values map[string]any) []string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func (s *Section) fault(key, problem string) {
	*s.faults = append(*s.faults, joined(s.path, key)+": "+problem)
}

func joined(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// value gives the raw value of a key and marks the key as known. A key without a value keeps its default.
func (s *Section) value(key string) (any, bool) {
	lower := strings.ToLower(key)
	s.known[lower] = key
	raw, ok := s.raw[lower]
	if !ok || raw == nil {
		return nil, false
	}
	return raw, true
}

// Done reports every key that nobody asked for.
func (s *Section) Done() {
	unknown := []string{}
	for lower := range s.raw {
		if _, ok := s.known[lower]; !ok {
			unknown = append(unknown, lower)
		}
	}
	if len(unknown) == 0 {
		return
	}
	documented := []string{}
	for _, key := range s.known {
		documented = append(documented, key)
	}
	sort.Strings(unknown)
	sort.Strings(documented)
	for _, key := range unknown {
		s.fault(s.spelled[key], "unknown key; known here: "+strings.Join(documented, ", "))
	}
}

// Section gives the section at a key; an empty one when the key is not there.
func (s *Section) Section(key string) *Section {
	raw, ok := s.value(key)
	if !ok {
		return New(joined(s.path, key), nil, s.faults)
	}
	return New(joined(s.path, key), raw, s.faults)
}

// Sections reads a list of sections.
func (s *Section) Sections(key string) []*Section {
	raw, ok := s.value(key)
	if !ok {
		return nil
	}
	list, ok := raw.([]any)
	if !ok {
		s.fault(key, "must be a list of sections, not "+Describe(raw))
		return nil
	}
	found := make([]*Section, 0, len(list))
	for i, element := range list {
		path := fmt.Sprintf("%s[%d]", joined(s.path, key), i)
		values, ok := element.(map[string]any)
		if !ok {
			*s.faults = append(*s.faults, path+": must be a section with keys of its own, not "+Describe(element))
			continue
		}
		found = append(found, New(path, values, s.faults))
	}
	return found
}

// Text reads a text.
func (s *Section) Text(key string, to *string) {
	raw, ok := s.value(key)
	if !ok {
		return
	}
	text, ok := scalar(raw)
	if !ok {
		s.fault(key, "must be text, not "+Describe(raw))
		return
	}
	*to = text
}

// Flag reads true or false.
func (s *Section) Flag(key string, to *bool) {
	raw, ok := s.value(key)
	if !ok {
		return
	}
	set, isBool := raw.(bool)
	if isBool {
		*to = set
		return
	}
	text, ok := scalar(raw)
	if !ok {
		s.fault(key, "must be true or false, not "+Describe(raw))
		return
	}
	switch strings.ToLower(text) {
	case "true":
		*to = true
	case "false":
		*to = false
	default:
		s.fault(key, "must be true or false, not "+Describe(raw))
	}
}

// Duration reads a time with its unit, such as 30s.
func (s *Section) Duration(key string, to *time.Duration) {
	raw, ok := s.value(key)
	if !ok {
		return
	}
	text, isText := raw.(string)
	if isText {
		parsed, err := time.ParseDuration(text)
		if err == nil {
			*to = parsed
			return
		}
	}
	s.fault(key, "must be a duration with its unit, such as 30s or 15m, not "+Describe(raw))
}

// sizeText is a number of bytes with an optional unit.
var sizeText = regexp.MustCompile(`^([0-9]{1,18}) ?(B|KB|MB|GB|KiB|MiB|GiB)?$`)

func unitBytes(unit string) int64 {
	switch unit {
	case "KB":
		return 1000
	case "MB":
		return 1000 * 1000
	case "GB":
		return 1000 * 1000 * 1000
	case "KiB":
		return 1 << 10
	case "MiB":
		return 1 << 20
	case "GiB":
		return 1 << 30
	}
	return 1
}

// Size reads a number of bytes, with B, KB, MB, GB (decimal) or KiB, MiB, GiB (binary) behind it or without.
func (s *Section) Size(key string, to *int64) {
	raw, ok := s.value(key)
	if !ok {
		return
	}
	text, _ := scalar(raw)
	match := sizeText.FindStringSubmatch(text)
	if match != nil {
		number, err := strconv.ParseInt(match[1], 10, 64)
		unit := unitBytes(match[2])
		if err == nil && number <= math.MaxInt64/unit {
			*to = number * unit
			return
		}
	}
	s.fault(key, "must be a size such as 512KiB, 100MiB or a number of bytes, not "+Describe(raw))
}

// List reads a list of texts. Labels give one text with commas in it.
func (s *Section) List(key string, to *[]string) {
	raw, ok := s.value(key)
	if !ok {
		return
	}
	found := []string{}
	switch values := raw.(type) {
	case []any:
		for i, element := range values {
			text, ok := scalar(element)
			if !ok {
				s.fault(fmt.Sprintf("%s[%d]", key, i), "must be text, not "+Describe(element))
				continue
			}
			found = append(found, strings.TrimSpace(text))
		}
	case []string:
		for _, text := range values {
			found = append(found, strings.TrimSpace(text))
		}
	default:
		text, ok := scalar(raw)
		if !ok {
			s.fault(key, "must be a list of texts, not "+Describe(raw))
			return
		}
		for _, element := range strings.Split(text, ",") {
			element = strings.TrimSpace(element)
			if element != "" {
				found = append(found, element)
			}
		}
	}
	*to = found
}

// scalar gives the text of a text or of a whole number: lists keep numbers as they are on their way through Traefik.
func scalar(raw any) (string, bool) {
	switch value := raw.(type) {
	case string:
		return value, true
	case int:
		return strconv.Itoa(value), true
	case int64:
		return strconv.FormatInt(value, 10), true
	case uint64:
		return strconv.FormatUint(value, 10), true
	case float64:
		if value == math.Trunc(value) && math.Abs(value) < 1<<53 {
			return strconv.FormatInt(int64(value), 10), true
		}
	}
	return "", false
}

// Describe says what kind of value stands there, and repeats only short plain values: a misplaced secret must not
// reach the log.
func Describe(raw any) string {
	if raw == nil {
		return "nothing"
	}
	switch value := raw.(type) {
	case string:
		if len(value) <= 20 {
			return strconv.Quote(value)
		}
		return "a text of " + strconv.Itoa(len(value)) + " characters"
	case bool:
		return strconv.FormatBool(value)
	case []any, []string:
		return "a list"
	case map[string]any:
		return "a section"
	}
	if text := fmt.Sprint(raw); len(text) <= 8 {
		return text
	}
	return "a number"
}
