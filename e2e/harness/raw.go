package harness

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Answer is a response read from a raw socket.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	// Informational are the statuses of the 1xx answers that came before.
	Informational []int
}

// Code is the gate's refusal code, or "".
func (a *Answer) Code() string { return a.Header.Get("X-Casegate-Code") }

// Refusal is the JSON of a refusal.
type Refusal struct {
	StatusCode int            `json:"statusCode"`
	Error      string         `json:"error"`
	Message    string         `json:"message"`
	Attributes map[string]any `json:"attributes"`
}

// Refusal decodes the body as a refusal of the gate, and holds it to the one shape that refusals have.
func (a *Answer) Refusal() (*Refusal, error) {
	if got := a.Header.Get("Content-Type"); got != "application/json; charset=utf-8" {
		return nil, fmt.Errorf("a refusal of type %q: %s", got, a.Body)
	}
	decoder := json.NewDecoder(bytes.NewReader(a.Body))
	decoder.DisallowUnknownFields()
	var refusal Refusal
	if err := decoder.Decode(&refusal); err != nil {
		return nil, fmt.Errorf("a refusal that is not JSON of the known shape: %w: %s", err, a.Body)
	}
	switch {
	case refusal.StatusCode != a.Status, refusal.Error != http.StatusText(a.Status), refusal.Message == "":
		return nil, fmt.Errorf("a refusal that does not fit its status %d: %s", a.Status, a.Body)
	case refusal.Attributes["code"] != a.Code() || a.Code() == "":
		return nil, fmt.Errorf("a refusal whose code is not the header's %q: %s", a.Code(), a.Body)
	}
	return &refusal, nil
}

// Raw sends bytes as they are over a connection of its own and reads one final answer. An answer that comes before all is
// sent ends the sending. close says that the client ends its half of the connection when all is sent.
func Raw(address string, request []byte, halfClose bool) (*Answer, error) {
	connection, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(patience))
	sent := make(chan error, 1)
	go func() {
		_, err := connection.Write(request)
		if tcp, ok := connection.(*net.TCPConn); ok && err == nil && halfClose {
			err = tcp.CloseWrite()
		}
		sent <- err
	}()
	method, _, _ := strings.Cut(string(request[:min(len(request), 16)]), " ")
	answer, err := ReadAnswer(bufio.NewReader(connection), method)
	if err != nil {
		connection.Close()
		return nil, errors.Join(err, <-sent)
	}
	return answer, nil
}

// ReadAnswer reads one final answer and the informational ones before it.
func ReadAnswer(reader *bufio.Reader, method string) (*Answer, error) {
	var answer Answer
	for {
		response, err := http.ReadResponse(reader, &http.Request{Method: method})
		if err != nil {
			return nil, err
		}
		if response.StatusCode >= 100 && response.StatusCode < 200 && response.StatusCode != http.StatusSwitchingProtocols {
			answer.Informational = append(answer.Informational, response.StatusCode)
			continue
		}
		answer.Status, answer.Header = response.StatusCode, response.Header
		if response.StatusCode == http.StatusSwitchingProtocols {
			return &answer, nil
		}
		answer.Body, err = io.ReadAll(response.Body)
		return &answer, err
	}
}

// Do sends a request with the harness's client and reads the answer whole.
func Do(request *http.Request) (*Answer, error) {
	response, err := Client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return &Answer{Status: response.StatusCode, Header: response.Header, Body: body}, err
}
