package service

import (
	"io"

	"gopkg.in/natefinch/lumberjack.v2"
)

// A log file is this large at most, and so many full ones are kept beside it.
const (
	logFileMB = 10
	logFiles  = 4
)

// LogFile is a file for log lines, for systems without a journal: only its owner can read it, and when it is full a new
// one takes its place. A disk without room loses lines, and nothing else.
func LogFile(path string) io.WriteCloser {
	return &lumberjack.Logger{Filename: path, MaxSize: logFileMB, MaxBackups: logFiles, LocalTime: true}
}
