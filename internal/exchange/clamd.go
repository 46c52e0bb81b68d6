package exchange

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
)

// malware is what the stub scanner finds.
const malware = "MALWARE-SAMPLE"

// startScanner serves a stub of ClamAV's daemon, which knows INSTREAM and one signature, and returns its address.
func startScanner(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go scan(connection)
		}
	}()
	return "tcp://" + listener.Addr().String()
}

// scan answers one INSTREAM: chunks with their length before them, the last of length zero.
func scan(connection net.Conn) {
	defer connection.Close()
	reader := bufio.NewReader(connection)
	if command, err := reader.ReadString(0); err != nil || command != "zINSTREAM\x00" {
		return
	}
	var file strings.Builder
	for {
		var length uint32
		if binary.Read(reader, binary.BigEndian, &length) != nil {
			return
		}
		if length == 0 {
			break
		}
		if _, err := io.CopyN(&file, reader, int64(length)); err != nil {
			return
		}
	}
	verdict := "stream: OK\x00"
	if strings.Contains(file.String(), malware) {
		verdict = "stream: Casegate.Sample FOUND\x00"
	}
	_, _ = io.WriteString(connection, verdict)
}
