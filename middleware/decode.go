package middleware

import (
	"fmt"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

// section reads one level of a raw configuration: the map that Traefik hands over, or the one that a YAML file gives.
// Names are matched without regard to case, and strings are accepted for every type, since that is what labels are.
// What is wrong is collected, never returned: a configuration names all its faults at once.
type section struct {
	path    string
	raw     map[string]any
	spelled map[string]string // Lower-case name → the name as the operator wrote it.
	known   map[string]string // Lower-case name → the name as documented.
	faults  *[]string
}

func newSection(path string, raw any, faults *[]string) *section {
	s := &section{path: path, raw: map[string]any{}, spelled: map[string]string{}, known: map[string]string{}, faults: faults}
	// Traefik's file provider makes an empty text of a section in which nothing is set.
	if raw == nil || raw == "" {
		return s
	}
	values, ok := raw.(map[string]any)
	if !ok {
		*faults = append(*faults, path+": must be a section with keys of its own, not "+describe(raw))
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

func (s *section) fault(key, problem string) {
	*s.faults = append(*s.faults, joined(s.path, key)+": "+problem)
}

func joined(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// value gives the raw value of a key and marks the key as known. A key without a value keeps its default.
func (s *section) value(key string) (any, bool) {
	lower := strings.ToLower(key)
	s.known[lower] = key
	raw, ok := s.raw[lower]
	if !ok || raw == nil {
		return nil, false
	}
	return raw, true
}

// done reports every key that nobody asked for.
func (s *section) done() {
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

func (s *section) section(key string) *section {
	raw, ok := s.value(key)
	if !ok {
		return newSection(joined(s.path, key), nil, s.faults)
	}
	return newSection(joined(s.path, key), raw, s.faults)
}

// sections reads a list of sections.
func (s *section) sections(key string) []*section {
	raw, ok := s.value(key)
	if !ok {
		return nil
	}
	list, ok := raw.([]any)
	if !ok {
		s.fault(key, "must be a list of sections, not "+describe(raw))
		return nil
	}
	found := make([]*section, 0, len(list))
	for i, element := range list {
		path := fmt.Sprintf("%s[%d]", joined(s.path, key), i)
		values, ok := element.(map[string]any)
		if !ok {
			*s.faults = append(*s.faults, path+": must be a section with keys of its own, not "+describe(element))
			continue
		}
		found = append(found, newSection(path, values, s.faults))
	}
	return found
}

func (s *section) text(key string, to *string) {
	raw, ok := s.value(key)
	if !ok {
		return
	}
	text, ok := scalar(raw)
	if !ok {
		s.fault(key, "must be text, not "+describe(raw))
		return
	}
	*to = text
}

func (s *section) flag(key string, to *bool) {
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
		s.fault(key, "must be true or false, not "+describe(raw))
		return
	}
	switch strings.ToLower(text) {
	case "true":
		*to = true
	case "false":
		*to = false
	default:
		s.fault(key, "must be true or false, not "+describe(raw))
	}
}

func (s *section) duration(key string, to *time.Duration) {
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
	s.fault(key, "must be a duration with its unit, such as 30s or 15m, not "+describe(raw))
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

func (s *section) size(key string, to *int64) {
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
	s.fault(key, "must be a size such as 512KiB, 100MiB or a number of bytes, not "+describe(raw))
}

// list reads a list of texts. Labels give one text with commas in it.
func (s *section) list(key string, to *[]string) {
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
				s.fault(fmt.Sprintf("%s[%d]", key, i), "must be text, not "+describe(element))
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
			s.fault(key, "must be a list of texts, not "+describe(raw))
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

// describe says what kind of value stands there, and repeats only short plain values: a misplaced secret must not
// reach the log.
func describe(raw any) string {
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
