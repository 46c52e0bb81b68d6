package middleware

import "net/http"

// answer passes Kibana's answer on and notes its status.
type answer struct {
	rw     http.ResponseWriter
	status int
}

// Header gives the header map of the answer.
func (a *answer) Header() http.Header {
	return a.rw.Header()
}

// WriteHeader sends the status and headers, informational ones too.
func (a *answer) WriteHeader(status int) {
	if a.status < http.StatusOK {
		a.status = status
	}
	a.rw.WriteHeader(status)
}

// Write sends bytes of the answer's body.
func (a *answer) Write(some []byte) (int, error) {
	if a.status < http.StatusOK {
		a.status = http.StatusOK
	}
	return a.rw.Write(some)
}
