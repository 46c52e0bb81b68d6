package middleware

import "net/http"

// answer passes Kibana's answer on and notes its status. What is embedded runs compiled: only the status comes by here.
type answer struct {
	http.ResponseWriter
	status int
}

// WriteHeader sends the status and headers, informational ones too.
func (a *answer) WriteHeader(status int) {
	if a.status < http.StatusOK {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}
