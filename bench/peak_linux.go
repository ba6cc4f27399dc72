package main

import (
	"bufio"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// resetPeak gives memory that is free back to the system and makes it forget how
// much the process has had.
func resetPeak() {
	debug.FreeOSMemory()
	// Where that is not allowed the peak is that of all before, and so too high.
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

// peakBytes returns the most resident memory since resetPeak; 0 where the system
// does not tell.
func peakBytes() int64 { return statusBytes("VmHWM:") }

// residentBytes returns the resident memory of now; 0 where the system does not tell.
func residentBytes() int64 { return statusBytes("VmRSS:") }

// statusBytes reads an amount of memory that the system keeps of this process.
func statusBytes(field string) int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), field); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				return 0
			}
			return kib << 10
		}
	}
	return 0
}
