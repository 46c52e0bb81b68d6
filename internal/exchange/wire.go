package exchange

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// patience bounds every wait of a run. It is far beyond what any exchange takes, so that a slow machine fails none.
const patience = 30 * time.Second

// message is a request as it goes over the wire, and how it goes.
type message struct {
	method string
	head   []byte
	body   []byte // framed, when it is chunked
	cut    int    // bytes of body to send before the client stops; -1: all
	// abort: the client that stops closes the connection; otherwise it closes its half and waits for an answer.
	abort          bool
	expectContinue bool
}

// reply is what came back.
type reply struct {
	status    int
	header    http.Header
	body      []byte
	continued bool // 100 Continue came first
}

// compose turns the text of a request section into the bytes that are sent. Lines of the head that begin with ! steer
// how they are sent:
//
//	!chunk 5            frames the body in chunks of 5 bytes (with Transfer-Encoding: chunked; default 4096)
//	!trailer Name: x    a trailer after the last chunk
//	!cut 10             sends 10 bytes of the body, then closes the sending half
//	!abort 10           sends 10 bytes of the body, then closes the connection; there is no answer to compare
//	!expect-continue    sends Expect: 100-continue and waits for it before the body
func compose(text, host string) (*message, error) {
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	lines := strings.Split(strings.TrimSuffix(head, "\r\n"), "\r\n")
	m := &message{cut: -1}
	m.method, _, _ = strings.Cut(lines[0], " ")
	if !strings.Contains(lines[0], " HTTP/") {
		lines[0] += " HTTP/1.1"
	}
	out := []string{lines[0], "Host: " + host}
	chunk, chunked, measured, trailers := 4096, false, false, ""
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		directive, argument, _ := strings.Cut(line, " ")
		number, _ := strconv.Atoi(argument)
		switch {
		case directive == "!chunk":
			chunk = number
			continue
		case directive == "!trailer":
			trailers += argument + "\r\n"
			continue
		case directive == "!cut", directive == "!abort":
			m.cut, m.abort = number, directive == "!abort"
			continue
		case directive == "!expect-continue":
			m.expectContinue = true
			line = "Expect: 100-continue"
		case strings.HasPrefix(line, "!"):
			return nil, fmt.Errorf("unknown directive %q", line)
		case strings.EqualFold(name, "Transfer-Encoding"):
			chunked = strings.EqualFold(strings.TrimSpace(value), "chunked")
			measured = true
		case strings.EqualFold(name, "Content-Length"):
			if strings.TrimSpace(value) == "auto" {
				continue
			}
			measured = true
		}
		out = append(out, line)
	}
	if !measured && (body != "" || m.method == http.MethodPost || m.method == http.MethodPut) {
		out = append(out, "Content-Length: "+strconv.Itoa(len(body)))
	}
	m.body = []byte(body)
	if chunked {
		m.body = frame(body, chunk, trailers)
	}
	m.head = []byte(strings.Join(out, "\r\n") + "\r\n\r\n")
	return m, nil
}

// frame applies the chunked coding.
func frame(body string, size int, trailers string) []byte {
	var out bytes.Buffer
	for len(body) > 0 {
		n := size
		if n > len(body) {
			n = len(body)
		}
		fmt.Fprintf(&out, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	out.WriteString("0\r\n" + trailers + "\r\n")
	return out.Bytes()
}

// send sends the message over a connection of its own and reads the answer. A client that aborts gets nil.
func (m *message) send(address string) (*reply, error) {
	connection, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, err := connection.Write(m.head); err != nil {
		return nil, err
	}
	proceed := make(chan struct{})
	written := make(chan error, 1)
	go func() {
		<-proceed
		written <- m.sendBody(connection)
	}()
	if !m.expectContinue {
		close(proceed)
	}
	if m.abort {
		return nil, <-written
	}
	answer := &reply{}
	reader := bufio.NewReader(connection)
	for {
		response, err := http.ReadResponse(reader, &http.Request{Method: m.method})
		if err != nil {
			return nil, fmt.Errorf("no answer: %w", errors.Join(err, unsent(written)))
		}
		if response.StatusCode == http.StatusContinue && !answer.continued {
			answer.continued = true
			if m.expectContinue {
				close(proceed)
			}
			continue
		}
		answer.status, answer.header = response.StatusCode, response.Header
		answer.body, err = io.ReadAll(response.Body)
		return answer, err
	}
}

// unsent returns the writer's error if it has one by now.
func unsent(written <-chan error) error {
	select {
	case err := <-written:
		return err
	default:
		return nil
	}
}

func (m *message) sendBody(connection net.Conn) error {
	if m.cut < 0 || m.cut > len(m.body) {
		_, err := connection.Write(m.body)
		return err
	}
	if _, err := connection.Write(m.body[:m.cut]); err != nil {
		return err
	}
	if m.abort {
		return connection.Close()
	}
	if half, ok := connection.(*net.TCPConn); ok {
		return half.CloseWrite()
	}
	return errors.New("the connection can't be half closed")
}
