package chaos

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

// patience is how long anything may take that is not measured. It only matters when something is broken.
const patience = 30 * time.Second

// within polls until a condition holds or the time is over.
func within(limit time.Duration, condition func() bool) bool {
	deadline := time.Now().Add(limit)
	for !condition() {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(10 * time.Millisecond)
	}
	return true
}

var serial atomic.Int64

// parcel is one upload. Its content is like no other's, and its identity, sent as X-Test-Id, names the content's hash and
// whether it may be stored.
type parcel struct {
	id   string
	file harness.File
	form []byte
}

// newParcel makes a text of about this many bytes. One that is bad has a byte at its end that no text has.
func newParcel(bytesOfText int, bad bool) parcel {
	n := serial.Add(1)
	line := fmt.Sprintf("upload %d: a line of a log\n", n)
	text := []byte(strings.Repeat(line, bytesOfText/len(line)+1))
	verdict := "good"
	if bad {
		verdict = "bad"
		text = append(text, 0)
	}
	return parcelOf(verdict, harness.File{Name: fmt.Sprintf("log-%d.txt", n), Type: "text/plain", Bytes: text}, n)
}

func parcelOf(verdict string, file harness.File, n int64) parcel {
	return parcel{id: fmt.Sprintf("%s.%s.%d", verdict, file.SHA256(), n), file: file, form: harness.Form(file, "")}
}

// uploadToken is good for all tests.
var uploadToken = harness.Token(nil)

func (p parcel) request(h host, body io.Reader) *http.Request {
	request, err := http.NewRequest(http.MethodPost, "http://"+h.address()+harness.CasePath("9"), body)
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", "Bearer "+uploadToken)
	request.Header.Set("kbn-xsrf", "true")
	request.Header.Set("X-Test-Id", p.id)
	request.Header.Set("Content-Type", "multipart/form-data; boundary="+harness.Boundary)
	return request
}

// head is the request's head for a raw connection.
func (p parcel) head(more string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: kibana.example\r\nAuthorization: Bearer %s\r\nkbn-xsrf: x\r\nX-Test-Id: %s\r\n"+
		"Content-Type: multipart/form-data; boundary=%s\r\nContent-Length: %d\r\n%s\r\n", harness.CasePath("9"), uploadToken, p.id, harness.Boundary, len(p.form), more)
}

// newClient keeps its connections. Its patience is a client's own.
func newClient(limit time.Duration) *http.Client {
	return &http.Client{
		Timeout: limit,
		Transport: &http.Transport{
			MaxIdleConnsPerHost: 16, DisableCompression: true,
			DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		},
	}
}

// send uploads a parcel and reads the answer whole.
func send(client *http.Client, h host, p parcel) (*harness.Answer, error) {
	return answerOf(client, p.request(h, bytes.NewReader(p.form)))
}

func answerOf(client *http.Client, request *http.Request) (*harness.Answer, error) {
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	return &harness.Answer{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}

// book notes what clients were told, to be held against what the upstream has stored.
type book struct {
	mutex   sync.Mutex
	acked   []string
	results map[string]int
}

func newBook() *book { return &book{results: map[string]int{}} }

// note notes one upload's end: an answer, or a broken connection.
func (b *book) note(p parcel, answer *harness.Answer, err error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	switch {
	case err != nil:
		b.results["broken"]++
		return
	case answer.Code() != "":
		b.results[answer.Code()]++
	default:
		b.results[fmt.Sprint(answer.Status)]++
	}
	if answer.Status == http.StatusOK {
		b.acked = append(b.acked, p.id)
	}
}

// upload sends a parcel and notes its end.
func (b *book) upload(client *http.Client, h host, p parcel) (*harness.Answer, error) {
	answer, err := send(client, h, p)
	b.note(p, answer, err)
	return answer, err
}

func (b *book) count(result string) int {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.results[result]
}

// String is the results, as "200×3, broken×1".
func (b *book) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	var parts []string
	for result, count := range b.results {
		parts = append(parts, fmt.Sprintf("%s×%d", result, count))
	}
	sort.Strings(parts)
	return strings.Join(parts, ", ")
}

// check holds the book against the upstream's records, and begins it and them anew.
func (b *book) check(t *testing.T, h host, kibana *harness.Upstream) {
	t.Helper()
	// What the gateway still sends, although its client has gone, is stored or not before this holds.
	checkNothingLeft(t, h)
	b.checkStored(t, h, kibana)
}

// checkStored is check for a gateway that has ended.
func (b *book) checkStored(t *testing.T, h host, kibana *harness.Upstream) {
	t.Helper()
	b.mutex.Lock()
	defer b.mutex.Unlock()
	stored := map[string]int{}
	wrong := complaints{t: t, what: h.name()}
	defer wrong.total()
	for _, record := range kibana.Posts(t) {
		if record.Stored == nil {
			continue
		}
		verdict, rest, _ := strings.Cut(record.ID, ".")
		hash, _, _ := strings.Cut(rest, ".")
		if verdict != "good" || !record.Complete || record.Stored.SHA256 != hash {
			wrong.say("stored what must not be: %s became %+v, complete %v", record.ID, *record.Stored, record.Complete)
		}
		stored[record.ID]++
	}
	for _, id := range b.acked {
		if stored[id] != 1 {
			wrong.say("acknowledged with 200 and stored %d times: %s", stored[id], id)
		}
	}
	b.acked = nil
	kibana.Reset(t)
}

// checkWell fails the test when an ordinary upload does not pass, small and large.
func checkWell(t *testing.T, h host, kibana *harness.Upstream) {
	t.Helper()
	client := newClient(patience)
	defer client.CloseIdleConnections()
	b := newBook()
	for _, bytesOfText := range []int{1000, 3 << 20} {
		if answer, err := b.upload(client, h, newParcel(bytesOfText, false)); err != nil || answer.Status != http.StatusOK {
			t.Errorf("%s: an ordinary upload afterwards: %s", h.name(), told(answer, err))
		}
	}
	b.check(t, h, kibana)
}

// expect fails the test when an upload does not end with this refusal.
func (b *book) expect(t *testing.T, client *http.Client, h host, p parcel, code string, status int) *harness.Answer {
	t.Helper()
	answer, err := b.upload(client, h, p)
	if err != nil {
		t.Errorf("%s: broken off, want %s: %v", h.name(), code, err)
		return nil
	}
	if answer.Code() != code || answer.Status != status {
		t.Errorf("%s: status %d, code %q, want %d %q: %s", h.name(), answer.Status, answer.Code(), status, code, answer.Body)
	}
	return answer
}

// complaints fails a test, and spells out the first failures of a kind alone: under load they come by the hundred.
type complaints struct {
	t     *testing.T
	what  string
	mutex sync.Mutex
	count int
}

func (c *complaints) say(format string, details ...any) {
	c.t.Helper()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.count++
	if c.count <= 3 {
		c.t.Errorf(c.what+": "+format, details...)
	}
}

func (c *complaints) total() {
	c.t.Helper()
	if c.count > 3 {
		c.t.Errorf("%s: %d of these in all", c.what, c.count)
	}
}

// told is an answer, or what came in its place, in a few words.
func told(answer *harness.Answer, err error) string {
	if err != nil {
		return "broken off: " + err.Error()
	}
	return fmt.Sprintf("status %d, code %q: %.200s", answer.Status, answer.Code(), bytes.TrimSpace(answer.Body))
}
