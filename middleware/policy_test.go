package middleware

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

const testSecret = "only a test's secret, of enough bytes"

// usable is a raw configuration without faults, with changes over it.
func usable(changes map[string]any) map[string]any {
	raw := map[string]any{"token": map[string]any{"secret": testSecret}}
	for key, value := range changes {
		raw[key] = value
	}
	return raw
}

func TestDecodeDefaults(t *testing.T) {
	got, faults := Decode(usable(nil))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	want := DefaultPolicy()
	want.Token.Secret = testSecret
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestDecodeEveryKindAsLabelsGiveIt(t *testing.T) {
	got, faults := Decode(map[string]any{
		"ENFORCEMENT": "report",
		"basepath":    "/kibana",
		"token": map[string]any{
			"secret": testSecret, "audience": "a, b,", "leeway": "1m", "forward": "false", "passSchemes": "ApiKey",
		},
		"privileges": map[string]any{
			"accept": "all,minimal_all",
			"grants": []any{map[string]any{"claim": "groups", "values": "a,b", "owners": "cases", "spaces": "*"}},
		},
		"files":    map[string]any{"maxSize": "1048576", "maxImageSize": "512KiB", "allowedMimeTypes": "text/plain,image/png"},
		"delivery": map[string]any{"memory": "64KB"},
		"audit":    map[string]any{"sha256": "FALSE", "output": "off"},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	checks := []struct {
		name      string
		got, want any
	}{
		{"enforcement", got.Enforcement, "report"},
		{"basePath", got.BasePath, "/kibana"},
		{"token.audience", got.Token.Audience, []string{"a", "b"}},
		{"token.leeway", got.Token.Leeway, time.Minute},
		{"token.forward", got.Token.Forward, false},
		{"token.passSchemes", got.Token.PassSchemes, []string{"ApiKey"}},
		{"privileges.accept", got.Privileges.Accept, []string{"all", "minimal_all"}},
		{"privileges.grants[0].values", got.Privileges.Grants[0].Values, []string{"a", "b"}},
		{"files.maxSize", got.Files.MaxSize, int64(1 << 20)},
		{"files.maxImageSize", got.Files.MaxImageSize, int64(512 << 10)},
		{"files.allowedMimeTypes", got.Files.AllowedMimeTypes, []string{"text/plain", "image/png"}},
		{"delivery.memory", got.Delivery.Memory, int64(64000)},
		{"audit.sha256", got.Audit.SHA256, false},
	}
	for _, check := range checks {
		if !reflect.DeepEqual(check.got, check.want) {
			t.Errorf("%s: got %#v, want %#v", check.name, check.got, check.want)
		}
	}
}

// Every row is one wrong thing, and the one fault that names it by its path.
func TestDecodeFaults(t *testing.T) {
	tests := []struct {
		name string
		raw  map[string]any
		want string
	}{
		{"unknown key at the top", usable(map[string]any{"enforcment": "enforce"}), "enforcment: unknown key"},
		{"unknown key in a section", usable(map[string]any{"files": map[string]any{"maxsze": "1MiB"}}), "files.maxsze: unknown key"},
		{"unknown key in a list", usable(map[string]any{"privileges": map[string]any{"grants": []any{
			map[string]any{"claim": "g", "values": []any{"a"}, "owners": []any{"cases"}, "spaces": []any{"*"}, "owner": "x"},
		}}}), "privileges.grants[0].owner: unknown key"},
		{"one key in two spellings", usable(map[string]any{"basePath": "/a", "basepath": "/b"}), "stands there twice"},
		{"text for a section", usable(map[string]any{"files": "100MiB"}), "files: must be a section"},
		{"list for a section", usable(map[string]any{"scan": []any{"x"}}), "scan: must be a section"},
		{"section for a text", usable(map[string]any{"basePath": map[string]any{"a": "b"}}), "basePath: must be text, not a section"},
		{"list for a text", usable(map[string]any{"basePath": []any{"a"}}), "basePath: must be text, not a list"},
		{"text for a list of sections", usable(map[string]any{"privileges": map[string]any{"grants": "x"}}), "privileges.grants: must be a list of sections"},
		{"text in a list of sections", usable(map[string]any{"privileges": map[string]any{"grants": []any{"x"}}}), "privileges.grants[0]: must be a section"},
		{"nothing in a list of sections", usable(map[string]any{"privileges": map[string]any{"grants": []any{nil}}}), "privileges.grants[0]: must be a section with keys of its own, not nothing"},
		{"section in a list", usable(map[string]any{"files": map[string]any{"allowedMimeTypes": []any{"text/plain", map[string]any{}}}}), "files.allowedMimeTypes[1]: must be text"},
		{"section for a list", usable(map[string]any{"files": map[string]any{"allowedMimeTypes": map[string]any{}}}), "files.allowedMimeTypes: must be a list"},
		{"unit unknown", usable(map[string]any{"files": map[string]any{"maxSize": "100 MegaByte"}}), "files.maxSize: must be a size"},
		{"size below zero", usable(map[string]any{"files": map[string]any{"maxSize": "-1"}}), "files.maxSize: must be a size"},
		{"size too large", usable(map[string]any{"files": map[string]any{"maxSize": "99999999999GiB"}}), "files.maxSize: must be a size"},
		{"size with a fraction", usable(map[string]any{"files": map[string]any{"maxSize": 1.5}}), "files.maxSize: must be a size"},
		{"duration without a unit", usable(map[string]any{"scan": map[string]any{"timeout": int64(30)}}), "scan.timeout: must be a duration"},
		{"duration as text without a unit", usable(map[string]any{"scan": map[string]any{"timeout": "30"}}), "scan.timeout: must be a duration"},
		{"yes for true", usable(map[string]any{"audit": map[string]any{"sha256": "yes"}}), "audit.sha256: must be true or false"},
		{"number for true", usable(map[string]any{"audit": map[string]any{"sha256": int64(1)}}), "audit.sha256: must be true or false"},
		{"enforcement unknown", usable(map[string]any{"enforcement": "warn"}), "enforcement: must be one of enforce, report"},
		{"mode unknown", usable(map[string]any{"delivery": map[string]any{"mode": "buffer"}}), "delivery.mode: must be one of hold, stream"},
		{"memory too large", usable(map[string]any{"delivery": map[string]any{"memory": "1GiB"}}), "delivery.memory: must be between"},
		{"basePath without a slash", usable(map[string]any{"basePath": "kibana"}), "basePath: must begin with /"},
		{"basePath with a slash at its end", usable(map[string]any{"basePath": "/kibana/"}), "basePath: must begin with /"},
		{"metricsPath not plain", usable(map[string]any{"metricsPath": "/a/../b"}), "metricsPath: must be a plain path"},
		{"blobUploads unknown", usable(map[string]any{"blobUploads": "block"}), "blobUploads: must be one of"},
		{"empty allow list", usable(map[string]any{"files": map[string]any{"allowedMimeTypes": []any{}}}), "files.allowedMimeTypes:"},
		{"no key source", map[string]any{}, "token"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, faults := Decode(test.raw)
			if len(faults) != 1 || !strings.Contains(faults[0], test.want) {
				t.Errorf("got %q, want one fault with %q", faults, test.want)
			}
		})
	}
}

func TestDecodeNamesAllFaultsAtOnce(t *testing.T) {
	_, faults := Decode(map[string]any{
		"enforcment": "enforce",
		"token":      map[string]any{"secret": testSecret, "leway": "1s"},
		"privileges": map[string]any{"grants": []any{map[string]any{
			"claim": "g", "values": []any{"a"}, "owners": []any{"cases"}, "spaces": []any{"*"}, "valeus": "x",
		}}},
		"files":    map[string]any{"maxSize": "big"},
		"delivery": map[string]any{"mode": "buffer"},
	})
	want := []string{"enforcment: ", "token.leway: ", "privileges.grants[0].valeus: ", "files.maxSize: ", "delivery.mode: "}
	text := strings.Join(faults, "\n")
	for _, path := range want {
		if !strings.Contains(text, path) {
			t.Errorf("no fault names %s:\n%s", path, text)
		}
	}
	if len(faults) != len(want) {
		t.Errorf("%d faults, want %d:\n%s", len(faults), len(want), text)
	}
}

// A secret in the wrong place must not reach the log.
func TestFaultsRepeatNoLongText(t *testing.T) {
	_, faults := Decode(usable(map[string]any{"enforcement": testSecret, "files": testSecret}))
	if len(faults) != 2 || strings.Contains(strings.Join(faults, ""), testSecret) {
		t.Errorf("got %q", faults)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("token.secret", testSecret, 1)
	f.Add("privileges.grants", "x", 2)
	f.Fuzz(func(t *testing.T, path, text string, shape int) {
		var value any = text
		switch shape % 4 {
		case 1:
			value = []any{text, int64(shape), nil}
		case 2:
			value = map[string]any{text: shape}
		case 3:
			value = []any{map[string]any{text: text}}
		}
		raw := map[string]any{}
		level := raw
		names := strings.Split(path, ".")
		for _, name := range names[:len(names)-1] {
			inner := map[string]any{}
			level[name] = inner
			level = inner
		}
		level[names[len(names)-1]] = value
		Decode(raw)
	})
}
