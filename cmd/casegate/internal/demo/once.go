package demo

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/casegate/casegate/middleware/refusal"
)

const attemptTimeout = 30 * time.Second

// runAll sends every attempt to base, writes a table of expected and got, and returns how many differ.
func runAll(ctx context.Context, out io.Writer, folder, base string) int {
	send, client := sendWithGo, "Go's client"
	if path, err := exec.LookPath("curl"); err == nil {
		send, client = sendWithCurl, path
	}
	fmt.Fprintf(out, "Sending every request with %s.\n\n", client)
	table := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "\tCALLER\tREQUEST\tEXPECTED\tGOT")
	different := 0
	for _, a := range attempts() {
		got := sendOne(ctx, send, a, folder, base)
		mark := "ok"
		if got != a.expected() {
			mark = "DIFFERS"
			different++
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", mark, orDash(a.caller), a.about, a.expected(), got)
	}
	table.Flush()
	return different
}

func sendOne(ctx context.Context, send sender, a attempt, folder, base string) string {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	answer, err := send(ctx, a, folder, base)
	if err != nil {
		return "no answer: " + err.Error()
	}
	defer answer.Body.Close()
	return outcome(answer.StatusCode, answer.Header.Get(refusal.CodeHeader))
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// sender sends one attempt and returns the final answer.
type sender func(ctx context.Context, a attempt, folder, base string) (*http.Response, error)

func sendWithCurl(ctx context.Context, a attempt, folder, base string) (*http.Response, error) {
	// -q leaves the user's own curl settings out, which could add a proxy.
	args := append([]string{"-q", "--silent", "--show-error", "--noproxy", "*", "--include"}, a.arguments(base)...)
	command := exec.CommandContext(ctx, "curl", args...)
	command.Dir = folder
	var problem bytes.Buffer
	command.Stderr = &problem
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(problem.String()))
	}
	answers := bufio.NewReader(bytes.NewReader(output))
	for {
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			return nil, err
		}
		// An interim answer such as 100 Continue stands before the one that counts.
		if answer.StatusCode >= 200 {
			return answer, nil
		}
	}
}

func sendWithGo(ctx context.Context, a attempt, folder, base string) (*http.Response, error) {
	body, contentType, err := a.encode(folder)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+a.urlPath(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	if !a.withoutXSRF {
		req.Header.Set("kbn-xsrf", "1")
	}
	if a.caller != "" {
		line, err := os.ReadFile(filepath.Join(folder, a.caller))
		if err != nil {
			return nil, err
		}
		name, value, _ := strings.Cut(strings.TrimSpace(string(line)), ": ")
		req.Header.Set(name, value)
	}
	return (&http.Transport{}).RoundTrip(req)
}

// encode makes the body that curl's -F arguments stand for.
func (a attempt) encode(folder string) (io.Reader, string, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, field := range a.form {
		name, value, _ := strings.Cut(field, "=")
		path, isFile := strings.CutPrefix(value, "@")
		if !isFile {
			_ = form.WriteField(name, value)
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return nil, "", err
		}
		head := textproto.MIMEHeader{}
		head.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, name, filepath.Base(path)))
		head.Set("Content-Type", "application/octet-stream")
		part, _ := form.CreatePart(head)
		_, _ = part.Write(content)
	}
	_ = form.Close()
	contentType := form.FormDataContentType()
	if a.contentType != "" {
		contentType = a.contentType + "; boundary=" + form.Boundary()
	}
	return &body, contentType, nil
}
