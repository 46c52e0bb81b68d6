package form

import (
	"crypto/rand"
	"encoding/hex"
)

// NewBoundary makes a boundary that nobody can foresee: 240 bits out of crypto/rand, so that no file's bytes can be made to
// hold it. It is nearly as long as one may be, because Kibana's readers skip through a file by the boundary's length.
func NewBoundary() string {
	random := make([]byte, 30)
	// It never fails: since Go 1.24 it ends the process instead, and before, Linux always had randomness by the time
	// that a gateway runs. A failure must still not make a boundary that can be foreseen.
	if _, err := rand.Read(random); err != nil {
		panic("form: no randomness")
	}
	return "casegate-" + hex.EncodeToString(random)
}

// TitlePart is the whole part filename with the line end after it; FileHead follows. Where it stands behind the file,
// a line end comes before it, and Closing goes without its own. The title has passed CheckTitle.
func TitlePart(boundary, title string) []byte {
	return []byte("--" + boundary + "\r\nContent-Disposition: form-data; name=\"filename\"\r\n\r\n" + title + "\r\n")
}

// FileHead is the delimiter and the head of the part file; the file's bytes follow it. The name has passed
// CheckFilename, so it can't leave its quotes; it goes out as UTF-8 without escapes (RFC 7578, section 4.2).
func FileHead(boundary, filename, mimeType string) []byte {
	return []byte("--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + filename +
		"\"\r\nContent-Type: " + mimeType + "\r\n\r\n")
}

// Closing ends the form, after the last part's last byte.
func Closing(boundary string) []byte {
	return []byte("\r\n--" + boundary + "--\r\n")
}
