package attacks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

// In the mixed attack every caller sends so many uploads, one after the other, and all callers do at the same time.
const (
	mixedCallers = 24
	mixedRounds  = 30
)

// mixedUpload is one of them. Everything in it belongs together: nothing of another's may be found with it.
type mixedUpload struct {
	user, caseID string
	file         harness.File
	want         string // "200", or a refusal's code.
}

func mixedUploadOf(caller, round int) mixedUpload {
	m := mixedUpload{user: fmt.Sprintf("user-%d", caller), caseID: fmt.Sprintf("mixed-%d-%d", caller, round), want: "200"}
	name := fmt.Sprintf("n-%d-%d", caller, round)
	text := []byte(strings.Repeat(fmt.Sprintf("2026-01-02 caller %d, round %d\n", caller, round), 1+round%7*40))
	m.file = harness.File{Name: name + ".log", Type: "text/plain", Bytes: text}
	switch (caller + round) % 6 {
	case 1:
		m.file = harness.File{Name: name + ".png", Type: "image/png", Bytes: harness.PNG(10+caller, 10+round)}
	case 2:
		m.file.Bytes = append(harness.ELF(), text...)
		m.want = "executable_content"
	case 3:
		m.file.Name = name + ".exe"
		m.want = "type_not_allowed"
	case 4:
		m.file.Bytes = append(text, 0)
		m.want = "content_mismatch"
	}
	return m
}

// id is what the upstream's record is found by.
func (m mixedUpload) id() string { return m.user + "/" + m.caseID }

func (m mixedUpload) send(at place) (*harness.Answer, error) {
	request, err := http.NewRequest(http.MethodPost, "http://"+traefik.Addr+harness.CasePath(m.caseID), bytes.NewReader(harness.Form(m.file, "")))
	if err != nil {
		return nil, err
	}
	request.Host = at.host
	request.Header.Set("Authorization", "Bearer "+harness.Token(map[string]any{"sub": m.user}))
	request.Header.Set("kbn-xsrf", "true")
	request.Header.Set("X-Test-Id", m.id())
	request.Header.Set("Content-Type", "multipart/form-data; boundary="+harness.Boundary)
	return harness.Do(request)
}

// sendMixed sends the uploads of all callers, good ones and forbidden ones.
func sendMixed(t *testing.T, at place) *harness.Answer {
	var all sync.WaitGroup
	for caller := range mixedCallers {
		all.Add(1)
		go func() {
			defer all.Done()
			for round := range mixedRounds {
				m := mixedUploadOf(caller, round)
				answer, err := m.send(at)
				if err != nil {
					t.Errorf("%s: %v", m.id(), err)
					return
				}
				got := answer.Code()
				if got == "" {
					got = fmt.Sprint(answer.Status)
				}
				if got != m.want {
					t.Errorf("%s: answered %s, want %s", m.id(), got, m.want)
				}
			}
		}()
	}
	all.Wait()
	last, err := mixedUploadOf(0, 2).send(at)
	if err != nil {
		t.Error(err)
	}
	return last
}

// mixedStored wants each good upload to be stored as its caller sent it, under the caller's name, and recorded so.
func mixedStored(t *testing.T, posts []harness.Record) {
	t.Helper()
	byID := map[string]harness.Record{}
	for _, post := range posts {
		byID[post.ID] = post
	}
	recorded := mixedEvents(t)
	good := 0
	for caller := range mixedCallers {
		for round := range mixedRounds {
			m := mixedUploadOf(caller, round)
			event := recorded[m.caseID]
			if event.User.Name != m.user || event.File.Name != m.file.Name {
				t.Errorf("%s is recorded as by %q with %q", m.id(), event.User.Name, event.File.Name)
			}
			post, arrived := byID[m.id()]
			if m.want != "200" {
				if arrived || event.Rule.Name != m.want {
					t.Errorf("%s, which is %s: arrived %v, recorded as %q", m.id(), m.want, arrived, event.Rule.Name)
				}
				continue
			}
			good++
			if event.File.Hash.SHA256 != m.file.SHA256() || event.Rule.Name != "" {
				t.Errorf("%s is recorded with another hash, or as refused: %q", m.id(), event.Rule.Name)
			}
			if post.Stored == nil || post.Stored.CaseID != m.caseID || post.Stored.SHA256 != m.file.SHA256() ||
				strings.Join(post.Header("X-Casegate-User"), "|") != m.user {
				t.Errorf("%s is stored as %+v of %q", m.id(), post.Stored, post.Header("X-Casegate-User"))
			}
		}
	}
	if len(posts) != good {
		t.Errorf("%d uploads arrived, want %d", len(posts), good)
	}
}

// mixedEvent is what the audit log says of an upload.
type mixedEvent struct {
	User struct{ Name string }
	Rule struct{ Name string }
	File struct {
		Name string
		Hash struct{ SHA256 string }
	}
	Kibana struct {
		Object struct{ ID string } `json:"saved_object"`
	}
}

// mixedEvents are the events by the case, as the last run wrote them. The log is written a moment after the answers.
func mixedEvents(t *testing.T) map[string]mixedEvent {
	t.Helper()
	const wanted = mixedCallers * mixedRounds
	events := map[string]mixedEvent{}
	harness.Eventually(t, "all uploads are recorded", func() bool {
		for _, line := range strings.Split(traefik.Output(), "\n") {
			var event mixedEvent
			if json.Unmarshal([]byte(line), &event) == nil && strings.HasPrefix(event.Kibana.Object.ID, "mixed-") {
				events[event.Kibana.Object.ID] = event
			}
		}
		return len(events) >= wanted
	})
	return events
}
