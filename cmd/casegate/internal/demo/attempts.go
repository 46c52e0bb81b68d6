package demo

import (
	"strconv"
	"strings"
)

// attempt is one request of the demonstration and what it must come to.
type attempt struct {
	about  string
	caller string // "" sends no token
	path   string // "" is the first case's
	// form holds curl's -F arguments.
	form []string
	// contentType is sent as it is written in Kibana's API documentation; "" leaves it to curl.
	contentType string
	withoutXSRF bool

	status int
	code   string // "" when the file is to be attached
}

const firstCase = "/api/cases/case-1/files"

// attempts are in the order of the gate's checks, the ones that pass first.
func attempts() []attempt {
	const documented = "multipart/form-data; Elastic-Api-Version=2023-10-31"
	return []attempt{
		{about: "a screenshot", caller: "analyst", form: file("good/screenshot.png"), status: 200},
		{about: "a PDF, with a title of its own", caller: "analyst", form: append(file("good/report.pdf"), "filename=Incident report"), status: 200},
		{about: "a text, with the version as Kibana's API page sends it", caller: "analyst", form: file("good/notes.txt"), contentType: documented, status: 200},
		{about: "a table, to a case of Observability", caller: "analyst", path: "/api/cases/case-2/files", form: file("good/hosts.csv"), status: 200},
		{about: "JSON, to a case of Security in the space soc", caller: "analyst", path: "/s/soc/api/cases/case-3/files", form: file("good/event.json"), status: 200},
		{about: "an archive of logs", caller: "analyst", form: file("good/logs.zip"), status: 200},

		{about: "a path in front of which something stands", caller: "analyst", path: "/kibana/api/cases/case-1/files", form: file("good/notes.txt"), status: 400, code: "path_ambiguous"},
		{about: "no token", form: file("good/notes.txt"), status: 401, code: "token_missing"},
		{about: "yesterday's token", caller: "expired", form: file("good/notes.txt"), status: 401, code: "token_expired"},
		{about: "a token signed with another key", caller: "forged", form: file("good/notes.txt"), status: 401, code: "token_invalid"},
		{about: "somebody who may only read cases", caller: "reader", form: file("good/notes.txt"), status: 403, code: "privilege_missing"},
		{about: "somebody without Kibana privileges", caller: "stranger", form: file("good/notes.txt"), status: 403, code: "privilege_missing"},
		{about: "no kbn-xsrf", caller: "analyst", form: file("good/notes.txt"), withoutXSRF: true, status: 400, code: "xsrf_missing"},
		{about: "a case that is not there", caller: "analyst", path: "/api/cases/case-9/files", form: file("good/notes.txt"), status: 404, code: "case_not_found"},
		{about: "two files in one form", caller: "analyst", form: append(file("good/notes.txt"), file("good/hosts.csv")...), status: 400, code: "form_part_unexpected"},
		{about: "a Windows program under its own name", caller: "analyst", form: file("bad/tool.exe"), status: 415, code: "type_not_allowed"},
		{about: "a Linux program named .png", caller: "analyst", form: file("bad/holiday.png"), status: 415, code: "executable_content"},
		{about: "a Windows program named .pdf", caller: "analyst", form: file("bad/invoice.pdf"), status: 415, code: "executable_content"},
		{about: "a shell script named .txt", caller: "analyst", form: file("bad/readme.txt"), status: 415, code: "executable_content"},
		{about: "an HTML page named .txt", caller: "analyst", form: file("bad/page.txt"), status: 415, code: "active_content"},
		{about: "an SVG drawing with a script", caller: "analyst", form: file("bad/logo.svg"), status: 415, code: "active_content"},
		{about: "a PNG image named .pdf", caller: "analyst", form: file("bad/scan.pdf"), status: 415, code: "content_mismatch"},
		{about: "an archive with a Windows program in it", caller: "analyst", form: file("bad/backup.zip"), status: 415, code: "executable_content"},
	}
}

func file(path string) []string { return []string{"file=@" + path} }

func (a attempt) urlPath() string {
	if a.path == "" {
		return firstCase
	}
	return a.path
}

// expected says in a few characters what the attempt must come to.
func (a attempt) expected() string { return outcome(a.status, a.code) }

func outcome(status int, code string) string {
	if code == "" {
		return strconv.Itoa(status)
	}
	return strconv.Itoa(status) + " " + code
}

// arguments are curl's, to be run in the demonstration's folder.
func (a attempt) arguments(base string) []string {
	var args []string
	if a.caller != "" {
		args = append(args, "-H", "@"+a.caller)
	}
	if !a.withoutXSRF {
		args = append(args, "-H", "kbn-xsrf: 1")
	}
	if a.contentType != "" {
		args = append(args, "-H", "Content-Type: "+a.contentType)
	}
	for _, field := range a.form {
		args = append(args, "-F", field)
	}
	return append(args, base+a.urlPath())
}

// line is the command as a person types it.
func (a attempt) line(base string) string {
	words := []string{"curl"}
	for _, argument := range a.arguments(base) {
		if strings.ContainsAny(argument, " ;") {
			argument = "'" + argument + "'"
		}
		words = append(words, argument)
	}
	return strings.Join(words, " ")
}
