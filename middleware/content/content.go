// Package content answers one question: is a file what its name says, and may it pass?
//
// The type follows from the name alone, as Kibana decides it. The content is then read in order, in blocks, once: Write
// and Finish say no as soon as they know.
package content

import (
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/casegate/casegate/middleware/refusal"
)

// Settings is the policy's section "files".
type Settings struct {
	// MaxSize is the largest file in bytes, of any type but images.
	MaxSize int64
	// MaxImageSize is the largest image in bytes.
	MaxImageSize int64
	// AllowedMimeTypes are the MIME types that may be attached. Nil stands for Kibana's own list; a list replaces it.
	AllowedMimeTypes []string
	// ActiveContent says what happens to scripts in SVG, to HTML or scripts that are named as text, and to macros in Office
	// files: "refuse" or "allow". Programs are refused either way.
	ActiveContent string
	// Directory is where large nested archives are held while they are inspected, in unlinked files. Empty: the system's.
	// It is no key of its own: the gate sets it to delivery.directory.
	Directory string
	// Held counts the bytes that the process holds, of which MaxHeld is the most. Nil: nobody counts. These are no keys of
	// their own either: the gate shares its counter, and delivery.maxHeld.
	Held    *int64
	MaxHeld int64
	// Archives says what happens to archives: "inspect", "allow" (their members are not looked at) or "refuse".
	Archives string
}

// The values of Settings.ActiveContent and Settings.Archives.
const (
	Refuse  = "refuse"
	Allow   = "allow"
	Inspect = "inspect"
)

// Default gives Kibana's own limits and list, and refuses what is active.
func Default() Settings {
	return Settings{MaxSize: 100 << 20, MaxImageSize: 10 << 20, ActiveContent: Refuse, Archives: Inspect}
}

// Faults names everything that is wrong with the settings, each fault by its key.
func (s Settings) Faults() []string {
	var faults []string
	if s.MaxSize <= 0 {
		faults = append(faults, "maxSize: must be more than 0, such as 100MiB")
	}
	if s.MaxImageSize <= 0 {
		faults = append(faults, "maxImageSize: must be more than 0, such as 10MiB")
	}
	if s.ActiveContent != Refuse && s.ActiveContent != Allow {
		faults = append(faults, "activeContent: "+strconv.Quote(s.ActiveContent)+" is unknown: write refuse or allow")
	}
	if s.Archives != Inspect && s.Archives != Allow && s.Archives != Refuse {
		faults = append(faults, "archives: "+strconv.Quote(s.Archives)+" is unknown: write inspect, allow or refuse")
	}
	if s.AllowedMimeTypes != nil && len(s.AllowedMimeTypes) == 0 {
		faults = append(faults, "allowedMimeTypes: is empty, so no file could pass: list at least one type, or leave the key out for Kibana's own list")
	}
	known := knownTypes()
	for n, mime := range s.AllowedMimeTypes {
		if known.rows[mime] != nil {
			continue
		}
		fault := "allowedMimeTypes[" + strconv.Itoa(n) + "]: " + strconv.Quote(mime) + " is not a type that casegate can tell from its content"
		if meant := known.meant(mime); meant != "" {
			fault += ": did you mean " + meant + "?"
		} else {
			fault += ": write one of the types of docs/types.md"
		}
		faults = append(faults, fault)
	}
	return faults
}

// kibanaType is one entry of Kibana's list. A type without extensions can't be reached by a name.
type kibanaType struct {
	mime       string
	extensions []string
}

// known is everything that the catalogue knows, by MIME type and by extension.
type known struct {
	rows       map[string]*row
	extensions map[string][]string
	byName     map[string]string
}

var (
	knownOnce sync.Once
	knownAll  *known
)

// knownTypes joins the generated table and the catalogue, once for the process.
func knownTypes() *known {
	knownOnce.Do(func() {
		k := &known{rows: map[string]*row{}, extensions: map[string][]string{}, byName: map[string]string{}}
		for i := range catalogue {
			r := &catalogue[i]
			k.rows[r.mime] = r
			k.extensions[r.mime] = r.extensions
		}
		for _, t := range kibanaTypes {
			k.extensions[t.mime] = t.extensions
		}
		for mime, extensions := range k.extensions {
			for _, extension := range extensions {
				k.byName[extension] = mime
			}
		}
		knownAll = k
	})
	return knownAll
}

// meant guesses which known type was meant by an unknown one: the same in other letters, or by a file's extension.
func (k *known) meant(mime string) string {
	name := strings.ToLower(strings.TrimSpace(mime))
	if k.rows[name] != nil {
		return name
	}
	return k.byName[name[strings.LastIndexAny(name, "/.")+1:]]
}

// Inspector decides by one policy. It is safe for concurrent use.
type Inspector struct {
	settings Settings
	types    map[string]*Type // By extension.
	byType   map[string]*Type // By MIME type; some have no extension.
}

// Type is what a file's name stands for.
type Type struct {
	// MIME is the type that Kibana gives the file, by its extension alone.
	MIME string
	// Extension is the name's extension in lower case, without the dot.
	Extension string
	// Limit is the largest file of this type in bytes.
	Limit int64
	// Streams says that the file can be judged while it flows on; the others are judged when they are held whole.
	Streams bool

	row *row
	// picture is set for images and PDF.
	picture bool
}

// New makes an Inspector of settings that have no faults.
func New(s Settings) *Inspector {
	k := knownTypes()
	allowed := s.AllowedMimeTypes
	if allowed == nil {
		allowed = make([]string, 0, len(kibanaTypes))
		for _, t := range kibanaTypes {
			allowed = append(allowed, t.mime)
		}
	}
	types := map[string]*Type{}
	byType := map[string]*Type{}
	for _, mime := range allowed {
		r := k.rows[mime]
		if r == nil || (r.archive && s.Archives == Refuse) {
			continue
		}
		limit := s.MaxSize
		image := strings.HasPrefix(mime, "image/")
		if image {
			limit = s.MaxImageSize
		}
		picture := (image && r.known != byInspection && r.shape != shapeOLE) || r.look == lookPDF
		byType[mime] = &Type{MIME: mime, Limit: limit, Streams: r.streams, row: r, picture: picture}
		for _, extension := range k.extensions[mime] {
			types[extension] = &Type{MIME: mime, Extension: extension, Limit: limit, Streams: r.streams, row: r, picture: picture}
		}
	}
	return &Inspector{settings: s, types: types, byType: byType}
}

// ByName gives the type that Kibana would give a file of this name, or type_not_allowed.
func ByName(i *Inspector, filename string) (*Type, *refusal.Refusal) {
	// A name that only begins with a dot has no extension, as Node's path.extname sees it.
	dot := strings.LastIndexByte(filename, '.')
	if dot <= 0 {
		return nil, i.notAllowed(filename, "")
	}
	extension := filename[dot+1:]
	t, allowed := i.types[extension]
	if allowed {
		return t, nil
	}
	// JavaScript lowers a capital I with a dot above to two characters, Go to a plain i: no extension of the table has it.
	lower := strings.ToLower(extension)
	t, allowed = i.types[lower]
	if allowed && !strings.Contains(extension, "\u0130") {
		return t, nil
	}
	return nil, i.notAllowed(filename, lower)
}

// notAllowed is the refusal of a name, with what may be attached instead.
func (i *Inspector) notAllowed(filename, extension string) *refusal.Refusal {
	message := filename + " has no extension, so Kibana can't tell its type: give it the extension of what it is"
	found := ""
	if extension != "" {
		found = knownTypes().byName[extension]
		switch {
		case found == "":
			message = filename + " ends in ." + extension + ", which stands for no allowed type"
		default:
			message = filename + " is named as " + found + ", which is not allowed"
		}
		message += ": attach a file of an allowed type instead"
	}
	no := refusal.New("type_not_allowed", message)
	if found != "" {
		no.With("found", found)
	}
	return no
}

// Extensions lists the extensions that may be attached, in order.
func (i *Inspector) Extensions() []string {
	extensions := make([]string, 0, len(i.types))
	for extension := range i.types {
		extensions = append(extensions, extension)
	}
	sort.Strings(extensions)
	return extensions
}
