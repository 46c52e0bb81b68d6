package harness

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// clockTicks is the kernel's USER_HZ, which is 100 on every Linux that Go runs on.
const clockTicks = 100

// RSS is the process's resident memory in bytes.
func (t *Traefik) RSS() (int64, error) { return statusBytes(t.PID, "VmRSS") }

// PeakRSS is the most resident memory that the process ever had, in bytes.
func (t *Traefik) PeakRSS() (int64, error) { return statusBytes(t.PID, "VmHWM") }

// CPU is the processor time that the process has used.
func (t *Traefik) CPU() (time.Duration, error) { return ProcessCPU(t.PID) }

func statusBytes(pid int, field string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(field + `:\s+(\d+) kB`).FindSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("no %s of process %d", field, pid)
	}
	kilobytes, err := strconv.ParseInt(string(found[1]), 10, 64)
	return kilobytes << 10, err
}

// ProcessCPU is the processor time that a process has used, in steps of 10 ms.
func ProcessCPU(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The second field is the program's name in brackets, which may hold blanks: count from behind it.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / clockTicks, nil
}

// HeapInUse collects garbage in the process and gives what is left of its heap, in bytes.
func (t *Traefik) HeapInUse() (int64, error) {
	return t.debugNumber("/debug/pprof/heap?gc=1&debug=1", `# HeapInuse = (\d+)`)
}

// Goroutines is the number of the process's goroutines.
func (t *Traefik) Goroutines() (int64, error) {
	return t.debugNumber("/debug/pprof/goroutine?debug=1", `goroutine profile: total (\d+)`)
}

func (t *Traefik) debugNumber(path, pattern string) (int64, error) {
	response, err := Client.Get("http://" + t.admin + path)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(pattern).FindSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("%s answers %d without %s", path, response.StatusCode, pattern)
	}
	return strconv.ParseInt(string(found[1]), 10, 64)
}
