package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"sync"
)

// Case is one of the cases that the stand-in knows, in every space.
type Case struct {
	ID    string `json:"id"`
	Owner string `json:"owner"`
	Title string `json:"title"`
}

// Cases holds one case of each owner.
var Cases = []Case{
	{ID: "case-1", Owner: "cases", Title: "Laptop lost at the airport"},
	{ID: "case-2", Owner: "observability", Title: "Checkout is slow"},
	{ID: "case-3", Owner: "securitySolution", Title: "Phishing mail to the finance team"},
}

// maxStored bounds one request that the stand-in stores: a demonstration needs no more, and a disk is not endless.
const maxStored = 128 << 20

// StandIn answers the two calls of Kibana's that the gate knows: reading a case, and attaching a file to it. Like Kibana it
// trusts the file's name and never looks at the content.
type StandIn struct {
	folder string

	mu     sync.Mutex
	stored map[string]int // case → number of files
	total  int
}

// NewStandIn stores what it receives below folder.
func NewStandIn(folder string) *StandIn {
	return &StandIn{folder: folder, stored: map[string]int{}}
}

var casePath = regexp.MustCompile(`^(?:/s/[^/]+)?/api/cases/([^/]+)(/files)?/?$`)

func (s *StandIn) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	groups := casePath.FindStringSubmatch(req.URL.EscapedPath())
	if groups == nil {
		sayKibana(rw, http.StatusNotFound, "Not Found")
		return
	}
	isUpload := groups[2] != ""
	switch {
	case isUpload && req.Method == http.MethodPost:
		s.attach(rw, req, groups[1])
	case !isUpload && req.Method == http.MethodGet:
		s.show(rw, groups[1])
	default:
		sayKibana(rw, http.StatusNotFound, "Not Found")
	}
}

func findCase(escapedID string) (Case, bool) {
	id, err := url.PathUnescape(escapedID)
	if err != nil {
		return Case{}, false
	}
	for _, known := range Cases {
		if known.ID == id {
			return known, true
		}
	}
	return Case{}, false
}

func (s *StandIn) show(rw http.ResponseWriter, escapedID string) {
	known, found := findCase(escapedID)
	if !found {
		sayKibana(rw, http.StatusNotFound, "Saved object [cases/"+escapedID+"] not found")
		return
	}
	s.mu.Lock()
	files := s.stored[known.ID]
	s.mu.Unlock()
	sayJSON(rw, http.StatusOK, caseBody(known, files))
}

func (s *StandIn) attach(rw http.ResponseWriter, req *http.Request, escapedID string) {
	known, found := findCase(escapedID)
	if !found {
		sayKibana(rw, http.StatusNotFound, "Saved object [cases/"+escapedID+"] not found")
		return
	}
	req.Body = http.MaxBytesReader(rw, req.Body, maxStored)
	if err := s.store(req); err != nil {
		sayKibana(rw, http.StatusBadRequest, err.Error())
		return
	}
	s.mu.Lock()
	s.stored[known.ID]++
	files := s.stored[known.ID]
	s.mu.Unlock()
	sayJSON(rw, http.StatusOK, caseBody(known, files))
}

// store writes the part `file` to a numbered file. A file that did not arrive whole is removed.
func (s *StandIn) store(req *http.Request) error {
	reader, err := req.MultipartReader()
	if err != nil {
		return err
	}
	stored := false
	for {
		part, err := reader.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if part.FormName() != "file" {
			continue
		}
		if err := s.storeFile(part.FileName(), part); err != nil {
			return err
		}
		stored = true
	}
	if !stored {
		return fmt.Errorf("no file in the request")
	}
	return nil
}

func (s *StandIn) storeFile(name string, content io.Reader) error {
	s.mu.Lock()
	s.total++
	path := filepath.Join(s.folder, fmt.Sprintf("%03d-%s", s.total, safeName(name)))
	s.mu.Unlock()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("the stand-in can't store the file")
	}
	_, err = io.Copy(file, content)
	closeErr := file.Close()
	if err != nil || closeErr != nil {
		_ = os.Remove(path)
		return fmt.Errorf("the file did not arrive whole")
	}
	return nil
}

var unsafeRunes = regexp.MustCompile(`[^A-Za-z0-9._-]`)

func safeName(name string) string {
	const longest = 80
	name = unsafeRunes.ReplaceAllString(filepath.Base(name), "_")
	if len(name) > longest {
		name = name[len(name)-longest:]
	}
	return name
}

// caseBody has the shape of the case in Kibana's API documentation.
func caseBody(known Case, files int) map[string]any {
	person := map[string]any{"email": nil, "full_name": nil, "username": "elastic"}
	return map[string]any{
		"id":               known.ID,
		"owner":            known.Owner,
		"title":            known.Title,
		"description":      "A case of the demonstration.",
		"status":           "open",
		"severity":         "low",
		"version":          "WzIzMzgsMV0=",
		"tags":             []string{"demo"},
		"category":         nil,
		"duration":         nil,
		"settings":         map[string]any{"syncAlerts": false},
		"assignees":        []string{},
		"connector":        map[string]any{"id": "none", "name": "none", "type": ".none", "fields": nil},
		"comments":         []any{},
		"customFields":     []any{},
		"created_at":       "2022-03-24T00:37:03.906Z",
		"created_by":       person,
		"updated_at":       "2022-06-03T00:49:47.716Z",
		"updated_by":       person,
		"closed_at":        nil,
		"closed_by":        nil,
		"external_service": nil,
		"totalAlerts":      0,
		"totalComment":     files,
	}
}

func sayKibana(rw http.ResponseWriter, status int, message string) {
	sayJSON(rw, status, map[string]any{"statusCode": status, "error": http.StatusText(status), "message": message})
}

func sayJSON(rw http.ResponseWriter, status int, body any) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(body)
}
