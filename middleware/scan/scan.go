// Package scan has files looked at by a malware scanner: the clamd daemon of ClamAV, over its own protocol
// (clamd(8), command INSTREAM).
package scan

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/casegate/casegate/middleware/refusal"
)

const (
	// chunkSize is how many bytes of the file go to clamd in one piece: large, because each piece costs a few
	// interpreted steps.
	chunkSize = 256 << 10
	// headSize is the length that stands before each chunk, four bytes in network order.
	headSize = 4
	// answerLimit bounds clamd's answer, which is one short line.
	answerLimit = 4 << 10
	// retryAfter is what a client is told to wait, in seconds, when there is no verdict.
	retryAfter = 10
)

// Scanner has files looked at by one clamd daemon. It is safe for concurrent use.
type Scanner struct {
	settings Settings
	daemon   *daemon
}

// New makes a scanner from settings without faults; it connects to nothing. Without an address it is nil.
func New(s Settings) *Scanner {
	if s.Clamd == "" {
		return nil
	}
	return &Scanner{settings: s, daemon: shared(s.Clamd)}
}

// Scan sends the file to the scanner. It answers nil when the file is clean, malware_found (the signature's name in
// Detail alone: an attacker should not learn which one to avoid), or scanner_unavailable when there is no verdict and
// the settings do not allow that. A file that can't be read is storage_unavailable.
func (s *Scanner) Scan(ctx context.Context, file io.Reader) *refusal.Refusal {
	limited, cancel := context.WithTimeout(ctx, s.settings.Timeout)
	defer cancel()
	answer, trouble := s.daemon.ask(limited, file)
	if trouble == fileUnreadable {
		return refusal.New("storage_unavailable", "The file could not be read back for the malware scan: try again.")
	}
	if ctx.Err() != nil {
		// The caller went away: this says nothing about the scanner, and a file without a verdict has no use for anyone.
		return unavailable("the request ended before the scan did")
	}
	signature, trouble := verdict(answer, trouble)
	s.daemon.report(trouble)
	if trouble == "" && signature == "" {
		clean.Add(1)
		return nil
	}
	if trouble == "" {
		found.Add(1)
		return refusal.New("malware_found", "The malware scanner found something in this file: do not attach it.").Because(signature)
	}
	failed.Add(1)
	if s.settings.OnError == Allow {
		return nil
	}
	return unavailable(trouble)
}

// Counts of the process, for the metrics.
var (
	clean  atomic.Int64
	found  atomic.Int64
	failed atomic.Int64
)

// Counts returns how often files were scanned in this process, by the verdict: `clean`, `found`, or `failed` for none.
func Counts() map[string]int64 {
	return map[string]int64{"clean": clean.Load(), "found": found.Load(), "failed": failed.Load()}
}

func unavailable(reason string) *refusal.Refusal {
	no := refusal.New("scanner_unavailable", "The malware scanner gives no verdict on this file at the moment: try again later.")
	no.RetryAfter = retryAfter
	return no.Because(reason)
}

// verdict reads clamd's answer: "stream: OK", "stream: NAME FOUND", or the text of an error.
func verdict(answer, failure string) (signature, trouble string) {
	if failure != "" {
		return "", failure
	}
	if answer == "stream: OK" {
		return "", ""
	}
	found := strings.TrimSuffix(strings.TrimPrefix(answer, "stream: "), " FOUND")
	if found != "" && answer == "stream: "+found+" FOUND" {
		return found, ""
	}
	if strings.Contains(answer, "size limit exceeded") {
		return "", "clamd takes no file of this size: set its StreamMaxLength to files.maxSize or more"
	}
	if strings.HasSuffix(answer, "ERROR") {
		return "", "clamd answered " + quoted(answer)
	}
	return "", "what answers at the scanner's address does not speak clamd's protocol"
}

// fileUnreadable is the one failure that is not the scanner's.
const fileUnreadable = "the file can't be read"

// ask sends the file and returns clamd's answer, or else what went wrong.
func (d *daemon) ask(ctx context.Context, file io.Reader) (answer, trouble string) {
	if !d.places.take(ctx) {
		return "", "all places for simultaneous scans were taken until the timeout"
	}
	defer d.places.give()
	held := buffers.Get().(*[]byte)
	defer buffers.Put(held)
	buffer := *held

	dialer := net.Dialer{}
	conn, err := dialer.DialContext(ctx, d.network, d.where)
	if err != nil {
		return "", "clamd can't be reached: " + err.Error()
	}
	defer conn.Close()
	// A deadline in the past ends reads and writes that are under way, so one rule serves the timeout and a caller that
	// goes away.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()

	sent := send(conn, file, buffer)
	if sent == fileUnreadable {
		return "", sent
	}
	// clamd may answer and close before everything is sent, for a file that is too large: its answer says more than the
	// broken pipe.
	line, err := bufio.NewReaderSize(io.LimitReader(conn, answerLimit), answerLimit).ReadString(0)
	if err == nil {
		return strings.TrimSuffix(line, "\x00"), ""
	}
	if sent != "" {
		return "", sent
	}
	if err == io.EOF {
		return "", "clamd closed the connection without an answer"
	}
	return "", "clamd gave no answer: " + err.Error()
}

// send writes the command, the file in chunks, and the empty chunk that ends it.
func send(conn net.Conn, file io.Reader, buffer []byte) (trouble string) {
	// The form with z ends the command and the answer with a zero byte.
	if _, err := io.WriteString(conn, "zINSTREAM\x00"); err != nil {
		return "clamd can't be written to: " + err.Error()
	}
	for {
		n, err := io.ReadFull(file, buffer[headSize:headSize+chunkSize])
		ended := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !ended {
			return fileUnreadable
		}
		binary.BigEndian.PutUint32(buffer, uint32(n))
		end := headSize + n
		if ended && n > 0 {
			// The empty chunk goes out with the last one: one write for a small file.
			binary.BigEndian.PutUint32(buffer[end:], 0)
			end += headSize
		}
		if _, err := conn.Write(buffer[:end]); err != nil {
			return "clamd can't be written to: " + err.Error()
		}
		if ended {
			return ""
		}
	}
}
