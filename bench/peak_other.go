//go:build !linux

package main

import "runtime/debug"

// resetPeak gives memory that is free back to the system.
func resetPeak() { debug.FreeOSMemory() }

// peakBytes returns the most resident memory since resetPeak; 0 where the system
// does not tell.
func peakBytes() int64 { return 0 }

// residentBytes returns the resident memory of now; 0 where the system does not tell.
func residentBytes() int64 { return 0 }
