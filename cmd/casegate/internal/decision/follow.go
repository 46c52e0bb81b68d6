package decision

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// pause is how long Follow waits at the end of the file before it looks again.
const pause = 50 * time.Millisecond

// Follow reads an audit log while it is written, from its beginning, and publishes every event to the feed until ctx ends.
// The file need not exist yet. It works for the compiled gate and for one in another process, such as Traefik's.
func Follow(ctx context.Context, path string, feed *Feed) error {
	file, err := openWhenThere(ctx, path)
	if err != nil {
		return err
	}
	defer file.Close()
	reader := bufio.NewReader(file)
	var line []byte
	for {
		piece, err := reader.ReadBytes('\n')
		line = append(line, piece...)
		switch {
		case err == nil:
			if d, ok := Parse(bytes.TrimSpace(line)); ok {
				feed.Publish(d)
			}
			line = line[:0]
		case !errors.Is(err, io.EOF):
			return err
		case !sleep(ctx):
			return nil
		}
	}
}

func openWhenThere(ctx context.Context, path string) (*os.File, error) {
	for {
		file, err := os.Open(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
		if !sleep(ctx) {
			return nil, ctx.Err()
		}
	}
}

// sleep returns false when ctx has ended.
func sleep(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}
