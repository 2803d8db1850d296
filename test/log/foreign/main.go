// Foreign verifies the log, its proofs and its cosignatures with code that was not written here: golang.org/x/mod/sumdb/{note,tlog} and
// transparency-dev's merkle, formats and witness. It reads published bytes only.
//
//	foreign log DIR PROOFS VKEY K WITNESS-VKEY…   a published log; replacements of files as JSON lines on stdin, each must be found
//	foreign cases VKEY                            proofs that the log made, as JSON lines on stdin
//	foreign client URL                            requests to a witness, as JSON lines on stdin; what it answered, one word a line
//	foreign witness NAME LOG-VKEY                 a witness; prints its URL and vkey, ends with its stdin
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 3 {
		fail(fmt.Errorf("name what to do"))
	}
	args := os.Args[2:]
	var err error
	switch os.Args[1] {
	case "log":
		err = logCommand(args)
	case "cases":
		err = casesCommand(args)
	case "client":
		err = clientCommand(args)
	case "witness":
		err = witnessCommand(args)
	default:
		err = fmt.Errorf("unknown command %s", os.Args[1])
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// eachLine decodes JSON lines of stdin into values of T.
func eachLine[T any](use func(T) error) error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var value T
		if err := json.Unmarshal(lines.Bytes(), &value); err != nil {
			return err
		}
		if err := use(value); err != nil {
			return err
		}
	}
	return lines.Err()
}
