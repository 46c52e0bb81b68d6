package scenarios

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

// expecting opens a connection and sends the head of an upload that waits for 100 Continue.
func expecting(t *testing.T, token string, length int) (net.Conn, *bufio.Reader) {
	t.Helper()
	connection, err := net.Dial("tcp", traefik.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	_ = connection.SetDeadline(time.Now().Add(30 * time.Second))
	fmt.Fprintf(connection, "POST /api/cases/9/files HTTP/1.1\r\nHost: kibana.example\r\nAuthorization: Bearer %s\r\nkbn-xsrf: x\r\n"+
		"Content-Type: multipart/form-data; boundary=%s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", token, harness.Boundary, length)
	return connection, bufio.NewReader(connection)
}

func TestContinueIsNotSentToWhatHeadersRefuse(t *testing.T) {
	serve(t, kibana, nil)
	cases := []struct {
		name, token string
		length      int
		code        string
	}{
		{"an expired token", harness.Token(map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}), 100, "token_expired"},
		{"no privilege", harness.Token(map[string]any{"kibana": nil}), 100, "privilege_missing"},
		{"a body larger than any allowed file", harness.Token(nil), 200 << 20, "body_too_large"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, reader := expecting(t, c.token, c.length)
			answer, err := harness.ReadAnswer(reader, http.MethodPost)
			if err != nil {
				t.Fatal(err)
			}
			if len(answer.Informational) != 0 {
				t.Errorf("answered %v before the refusal", answer.Informational)
			}
			harness.CheckRefused(t, answer, c.code)
		})
	}
}

func TestContinueIsSentToWhatMayPass(t *testing.T) {
	for _, upstream := range []*harness.Upstream{kibana, fastify} {
		t.Run(upstream.Stack, func(t *testing.T) {
			serve(t, upstream, nil)
			form := harness.Form(text("hello\n"), "")
			connection, reader := expecting(t, harness.Token(nil), len(form))
			line, err := reader.ReadString('\n')
			if err != nil || line != "HTTP/1.1 100 Continue\r\n" {
				t.Fatalf("%q, %v", line, err)
			}
			if line, err = reader.ReadString('\n'); err != nil || line != "\r\n" {
				t.Fatalf("%q, %v", line, err)
			}
			if _, err := connection.Write(form); err != nil {
				t.Fatal(err)
			}
			answer, err := harness.ReadAnswer(reader, http.MethodPost)
			if err != nil || answer.Status != http.StatusOK {
				t.Fatalf("%+v, %v", answer, err)
			}
			harness.CheckStored(t, upstream.Posts(t), "notes", text("hello\n"))
		})
	}
}

func TestChunkedUploadWithoutLength(t *testing.T) {
	large := text(strings.Repeat("a line of a long log\n", 200_000))
	for _, mode := range []string{"hold", "stream"} {
		for _, upstream := range []*harness.Upstream{kibana, fastify} {
			t.Run(mode+" "+upstream.Stack, func(t *testing.T) {
				serve(t, upstream, map[string]any{"delivery": map[string]any{"mode": mode}})
				// A reader that is no bytes.Reader hides the length from net/http.
				body := io.MultiReader(bytes.NewReader(harness.Form(large, "A title")))
				answer, err := harness.Do(harness.Upload(t, traefik.Addr, harness.CasePath("9"), harness.Token(nil), body))
				if err != nil || answer.Status != http.StatusOK {
					t.Fatalf("%+v, %v", answer, err)
				}
				harness.CheckStored(t, upstream.Posts(t), "A title", large)
			})
		}
	}
}

func TestUploadOverHTTP2(t *testing.T) {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: protocols}, Timeout: time.Minute}
	defer client.CloseIdleConnections()
	serve(t, kibana, nil)
	for name, length := range map[string]bool{"with Content-Length": true, "without Content-Length": false} {
		t.Run(name, func(t *testing.T) {
			kibana.Reset(t)
			var body io.Reader = bytes.NewReader(harness.Form(text("over HTTP/2\n"), ""))
			if !length {
				body = io.MultiReader(body)
			}
			response, err := client.Do(harness.Upload(t, traefik.Addr, harness.CasePath("9"), harness.Token(nil), body))
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if _, err := io.Copy(io.Discard, response.Body); err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != http.StatusOK || response.ProtoMajor != 2 {
				t.Fatalf("status %d over %s", response.StatusCode, response.Proto)
			}
			harness.CheckStored(t, kibana.Posts(t), "notes", text("over HTTP/2\n"))
		})
	}
}

func TestClientThatBreaksOffLeavesNothing(t *testing.T) {
	form := harness.Form(text(strings.Repeat("a line of a long log\n", 400_000)), "")
	for _, mode := range []string{"hold", "stream"} {
		t.Run(mode, func(t *testing.T) {
			serve(t, kibana, map[string]any{"delivery": map[string]any{"mode": mode}})
			path := harness.CasePath("broken-" + mode)
			connection, err := net.Dial("tcp", traefik.Addr)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: kibana.example\r\nAuthorization: Bearer %s\r\nkbn-xsrf: x\r\n"+
				"Content-Type: multipart/form-data; boundary=%s\r\nContent-Length: %d\r\n\r\n", path, harness.Token(nil), harness.Boundary, len(form))
			if _, err := connection.Write(form[:len(form)/2]); err != nil {
				t.Fatal(err)
			}
			connection.Close()
			// The access log has its line when Traefik is done with the request.
			harness.Eventually(t, "Traefik is done with the request", func() bool { return accessEntry(t, path) != nil })
			for _, record := range kibana.Posts(t) {
				if mode == "hold" || record.Complete || record.Stored != nil {
					t.Errorf("the upstream saw %+v", record)
				}
			}
			checkNoLeftovers(t)
		})
	}
}

func TestAccessLogShowsTheCode(t *testing.T) {
	serve(t, kibana, nil)
	path := harness.CasePath("logged")
	harness.CheckRefused(t, harness.Send(t, traefik.Addr, path, harness.Token(nil), harness.BadFiles()[0]), "executable_content")
	harness.Eventually(t, "the access log has the refusal", func() bool { return accessEntry(t, path) != nil })
	entry := accessEntry(t, path)
	if entry["downstream_X-Casegate-Code"] != "executable_content" || entry["DownstreamStatus"] != float64(http.StatusUnsupportedMediaType) {
		t.Errorf("the access log says %v", entry)
	}
}

// accessEntry is the access log's entry for a path, or nil.
func accessEntry(t *testing.T, path string) map[string]any {
	t.Helper()
	entries, err := traefik.Access()
	if err != nil {
		// A line that is being written.
		return nil
	}
	for _, entry := range entries {
		if entry["RequestPath"] == path {
			return entry
		}
	}
	return nil
}

func checkNoLeftovers(t *testing.T) {
	t.Helper()
	harness.Eventually(t, "the temporary folder is empty", func() bool {
		leftovers, err := traefik.Leftovers()
		if err != nil {
			t.Fatal(err)
		}
		return len(leftovers) == 0
	})
}
