package clients

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os/exec"
	"strconv"
	"strings"

	"github.com/casegate/casegate/e2e/harness"
)

// curl uploads with curl -F and further options.
func curl(j job, options ...string) (answer, error) {
	arguments := append([]string{
		"-sS", "-X", "POST", j.URL, "-o", "-", "-w", "\n%{http_code} %header{x-casegate-code}",
		"-H", "kbn-xsrf: string", "-H", "Authorization: Bearer " + j.Token, "-H", "X-Test-Id: " + j.ID,
		"-F", "file=@" + j.File,
	}, options...)
	if j.Title != "" {
		arguments = append(arguments, "-F", "filename="+j.Title)
	}
	process := exec.Command("curl", arguments...)
	var stderr bytes.Buffer
	process.Stderr = &stderr
	output, err := process.Output()
	if err != nil {
		return answer{}, fmt.Errorf("curl: %w\n%s", err, stderr.Bytes())
	}
	text := string(output)
	end := strings.LastIndexByte(text, '\n')
	status, code, _ := strings.Cut(text[end+1:], " ")
	number, err := strconv.Atoi(status)
	return answer{Status: number, Code: code, Body: text[:end]}, err
}

// goBuffered writes the form into memory first: the request has a Content-Length.
func goBuffered(j job) (answer, error) {
	var form bytes.Buffer
	contentType, err := goForm(multipart.NewWriter(&form), j)
	if err != nil {
		return answer{}, err
	}
	return goSend(j, contentType, &form)
}

// goStreamed writes the form while it is sent: the request is chunked.
func goStreamed(j job) (answer, error) {
	reader, writer := io.Pipe()
	form := multipart.NewWriter(writer)
	go func() {
		_, err := goForm(form, j)
		writer.CloseWithError(err)
	}()
	return goSend(j, form.FormDataContentType(), reader)
}

func goForm(form *multipart.Writer, j job) (contentType string, err error) {
	if j.Title != "" {
		if err := form.WriteField("filename", j.Title); err != nil {
			return "", err
		}
	}
	part, err := form.CreateFormFile("file", j.sent.Name)
	if err != nil {
		return "", err
	}
	if _, err := part.Write(j.sent.Bytes); err != nil {
		return "", err
	}
	return form.FormDataContentType(), form.Close()
}

func goSend(j job, contentType string, body io.Reader) (answer, error) {
	request, err := http.NewRequest(http.MethodPost, j.URL, body)
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Authorization", "Bearer "+j.Token)
	request.Header.Set("kbn-xsrf", "true")
	request.Header.Set("X-Test-Id", j.ID)
	got, err := harness.Do(request)
	if err != nil {
		return answer{}, err
	}
	return answer{Status: got.Status, Code: got.Code(), Body: string(got.Body)}, nil
}
