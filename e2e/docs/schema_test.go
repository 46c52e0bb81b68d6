package docs

import (
	"fmt"
	"math"
	"regexp"
	"slices"
)

// schema is a JSON Schema as Kubernetes' resource definitions and Helm charts write it.
type schema map[string]any

// silent are keywords that say nothing about whether a value is valid.
var silent = []string{"description", "title", "default", "deprecated", "format", "$schema", "$id"}

// faults lists what is wrong with a value. It is stricter than the schema in one way: where the schema names properties,
// a property that it does not name is a fault, as it would have no effect. A keyword that is not known here is a fault of
// this checker, so that nothing goes unchecked in silence.
func (s schema) faults(path string, value any) []string {
	var faults []string
	wrong := func(format string, arguments ...any) {
		faults = append(faults, path+": "+fmt.Sprintf(format, arguments...))
	}
	for keyword, rule := range s {
		switch keyword {
		case "type":
			if !slices.ContainsFunc(listOf(rule), func(kind any) bool { return isOfType(value, kind) }) {
				wrong("is %T, not %v", value, rule)
			}
		case "enum":
			if !slices.Contains(listOf(rule), value) {
				wrong("is %v, not one of %v", value, rule)
			}
		case "const":
			if value != rule {
				wrong("is %v, not %v", value, rule)
			}
		case "minimum", "maximum":
			number, bound := asNumber(value), asNumber(rule)
			if (keyword == "minimum" && number < bound) || (keyword == "maximum" && number > bound) {
				wrong("%v is beyond the %s %v", value, keyword, rule)
			}
		case "pattern":
			if text, ok := value.(string); ok && !regexp.MustCompile(rule.(string)).MatchString(text) {
				wrong("%q does not match %v", text, rule)
			}
		case "required":
			object, _ := value.(map[string]any)
			for _, name := range listOf(rule) {
				if _, there := object[name.(string)]; !there {
					wrong("lacks %v", name)
				}
			}
		case "anyOf":
			if !slices.ContainsFunc(listOf(rule), func(one any) bool { return len(asSchema(one).faults(path, value)) == 0 }) {
				wrong("%v is none of the kinds that may stand there", value)
			}
		case "x-kubernetes-int-or-string":
			if !isOfType(value, "integer") && !isOfType(value, "string") {
				wrong("is neither a number nor a text")
			}
		case "items":
			list, _ := value.([]any)
			for i, element := range list {
				faults = append(faults, asSchema(rule).faults(fmt.Sprintf("%s[%d]", path, i), element)...)
			}
		case "properties", "additionalProperties", "x-kubernetes-preserve-unknown-fields":
			// Together, below.
		default:
			if !slices.Contains(silent, keyword) {
				wrong("the schema's keyword %s is not known to this test", keyword)
			}
		}
	}
	return append(faults, s.propertyFaults(path, value)...)
}

func (s schema) propertyFaults(path string, value any) []string {
	object, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	var faults []string
	named, closed := s["properties"].(map[string]any)
	for name, inner := range object {
		at := path + "." + name
		if property, known := named[name]; known {
			faults = append(faults, asSchema(property).faults(at, inner)...)
			continue
		}
		if others, given := s["additionalProperties"].(map[string]any); given {
			faults = append(faults, schema(others).faults(at, inner)...)
			continue
		}
		if closed && s["x-kubernetes-preserve-unknown-fields"] != true {
			faults = append(faults, at+": there is no such key")
		}
	}
	return faults
}

func asSchema(rule any) schema {
	one, _ := rule.(map[string]any)
	return schema(one)
}

// listOf gives a list, or a list of one.
func listOf(value any) []any {
	if list, ok := value.([]any); ok {
		return list
	}
	return []any{value}
}

// asNumber gives a number, or one that is within no bounds.
func asNumber(value any) float64 {
	switch number := value.(type) {
	case int:
		return float64(number)
	case float64:
		return number
	}
	return math.NaN()
}

func isOfType(value, kind any) bool {
	switch value := value.(type) {
	case nil:
		return kind == "null"
	case bool:
		return kind == "boolean"
	case string:
		return kind == "string"
	case int:
		return kind == "integer" || kind == "number"
	case float64:
		return kind == "number" || (kind == "integer" && value == math.Trunc(value))
	case []any:
		return kind == "array"
	case map[string]any:
		return kind == "object"
	}
	return false
}
