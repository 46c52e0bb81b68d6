package exchange

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// record is a request as Kibana received it.
type record struct {
	method   string
	target   string
	header   http.Header
	trailer  http.Header
	length   int64
	encoding []string
	body     string
	// broken: the body ended before it was complete, so that Kibana stores nothing of it.
	broken bool
}

// behaviour is one line of a kibana or provider section.
type behaviour struct {
	method, path string
	status       int
	hang         bool // never answers
	drop         bool // closes the connection without an answer
	cut          bool // closes the connection in the middle of the answer
	header       [][2]string
	body         string
}

// upstream stands for Kibana, and for the identity provider, of all exchanges of a run. It tells them apart by their
// host names, the identity provider's by the path.
type upstream struct {
	server *httptest.Server

	mu       sync.Mutex
	changed  *sync.Cond
	active   map[string]int
	records  map[string][]record
	rules    map[string][]behaviour
	provider map[string][]behaviour
}

// providerPath is where the identity providers stand; the exchange's name follows.
const providerPath = "/.provider/"

func newUpstream() *upstream {
	u := &upstream{
		active:   map[string]int{},
		records:  map[string][]record{},
		rules:    map[string][]behaviour{},
		provider: map[string][]behaviour{},
	}
	u.changed = sync.NewCond(&u.mu)
	u.server = httptest.NewServer(u)
	return u
}

// stage sets how Kibana and the identity provider of an exchange behave, and forgets what Kibana received.
func (u *upstream) stage(e *Exchange, kibana, provider []behaviour) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.rules[e.Host()] = kibana
	u.provider[e.Name] = provider
	u.records[e.Host()] = nil
}

// received waits until Kibana has seen count requests and is answering none, and returns what it has seen.
func (u *upstream) received(host string, count int) []record {
	u.mu.Lock()
	defer u.mu.Unlock()
	late := false
	alarm := time.AfterFunc(patience, func() {
		u.mu.Lock()
		late = true
		u.mu.Unlock()
		u.changed.Broadcast()
	})
	defer alarm.Stop()
	for (len(u.records[host]) < count || u.active[host] > 0) && !late {
		u.changed.Wait()
	}
	return u.records[host]
}

// ServeHTTP records a request and answers it as the case wants, or as an ordinary Kibana would.
func (u *upstream) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	if rest, found := strings.CutPrefix(req.URL.Path, providerPath); found {
		name, path, _ := strings.Cut(rest, "/")
		u.mu.Lock()
		rules := u.provider[name]
		u.mu.Unlock()
		answer(rw, req, pick(rules, req.Method, "/"+path, behaviour{status: http.StatusNotFound}))
		return
	}
	u.mu.Lock()
	u.active[req.Host]++
	u.mu.Unlock()
	body, err := io.ReadAll(req.Body)
	u.mu.Lock()
	u.active[req.Host]--
	u.records[req.Host] = append(u.records[req.Host], record{
		method: req.Method, target: req.RequestURI, header: req.Header.Clone(), trailer: req.Trailer.Clone(),
		length: req.ContentLength, encoding: req.TransferEncoding, body: string(body), broken: err != nil,
	})
	rules := u.rules[req.Host]
	u.mu.Unlock()
	u.changed.Broadcast()
	answer(rw, req, pick(rules, req.Method, req.RequestURI, ordinary(req)))
}

var casePath = regexp.MustCompile(`/api/cases/([^/?]+)(/files)?/?$`)

// ordinary is how Kibana answers when nothing else is said: every case exists and belongs to Management.
func ordinary(req *http.Request) behaviour {
	answer := behaviour{status: http.StatusOK, header: [][2]string{{"Content-Type", "application/json; charset=utf-8"}}, body: "{}"}
	if found := casePath.FindStringSubmatch(req.URL.EscapedPath()); found != nil {
		answer.body = fmt.Sprintf(`{"id":%q,"owner":"cases","title":"Second login"}`, found[1])
	}
	return answer
}

func pick(rules []behaviour, method, path string, otherwise behaviour) behaviour {
	for _, rule := range rules {
		if rule.method == method && (rule.path == path || rule.path == "*") {
			return rule
		}
	}
	return otherwise
}

func answer(rw http.ResponseWriter, req *http.Request, b behaviour) {
	if b.hang {
		<-req.Context().Done()
		return
	}
	if b.drop {
		panic(http.ErrAbortHandler)
	}
	if b.cut {
		rw.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(rw, "{")
		_ = http.NewResponseController(rw).Flush()
		panic(http.ErrAbortHandler)
	}
	for _, field := range b.header {
		rw.Header().Set(field[0], field[1])
	}
	rw.WriteHeader(b.status)
	_, _ = io.WriteString(rw, b.body)
}

// behaviours reads a kibana or provider section: lines of method, path (* for any), status and body, with headers in
// brackets before the body. Instead of a status: hang (never answers), drop (closes the connection; a proxy may repeat a
// GET then), cut (closes it in the middle of the answer).
//
//	GET /api/cases/1 302 [Location: /login] moved
func behaviours(text string) ([]behaviour, error) {
	var rules []behaviour
	for _, line := range strings.Split(text, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		fields := strings.SplitN(line, " ", 4)
		if len(fields) < 3 {
			return nil, fmt.Errorf("%q is not: method path status body", line)
		}
		b := behaviour{method: fields[0], path: fields[1]}
		switch fields[2] {
		case "hang":
			b.hang = true
		case "drop":
			b.drop = true
		case "cut":
			b.cut = true
		default:
			status, err := strconv.Atoi(fields[2])
			if err != nil {
				return nil, fmt.Errorf("%q: %w", line, err)
			}
			b.status = status
		}
		if len(fields) == 4 {
			b.body = fields[3]
		}
		for strings.HasPrefix(b.body, "[") && strings.Contains(b.body, ": ") && !strings.HasPrefix(b.body, `[{`) {
			field, rest, closed := strings.Cut(b.body[1:], "]")
			name, value, named := strings.Cut(field, ": ")
			if !closed || !named {
				break
			}
			b.header = append(b.header, [2]string{name, value})
			b.body = strings.TrimPrefix(rest, " ")
		}
		rules = append(rules, b)
	}
	return rules, nil
}
