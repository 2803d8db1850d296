package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"

	f_note "github.com/transparency-dev/formats/note"
	client "github.com/transparency-dev/witness/client/http"
	"github.com/transparency-dev/witness/persistence/inmemory"
	"github.com/transparency-dev/witness/witness"
	"golang.org/x/mod/sumdb/note"
)

type update struct {
	Old        uint64   `json:"old"`
	Checkpoint []byte   `json:"checkpoint"`
	Proof      [][]byte `json:"proof"`
}

// clientCommand asks a witness with transparency-dev's client and says how that client understood the answer.
func clientCommand(args []string) error {
	base, err := url.Parse(args[0])
	if err != nil {
		return err
	}
	asking := client.NewWitness(base, http.DefaultClient)
	names := map[error]string{
		witness.ErrCheckpointStale: "stale", witness.ErrRootMismatch: "root-mismatch", witness.ErrUnknownLog: "unknown-log",
		witness.ErrNoValidSignature: "no-signature", witness.ErrOldSizeInvalid: "old-size", witness.ErrInvalidProof: "invalid-proof",
	}
	return eachLine(func(one update) error {
		body, size, err := asking.Update(context.Background(), one.Old, one.Checkpoint, one.Proof)
		said := map[string]any{"answer": "cosigned", "body": string(body)}
		if err != nil {
			said = map[string]any{"answer": err.Error(), "size": size}
			for known, name := range names {
				if errors.Is(err, known) {
					said["answer"] = name
				}
			}
		}
		return json.NewEncoder(os.Stdout).Encode(said)
	})
}

// witnessCommand is transparency-dev's witness with its memory in RAM.
func witnessCommand(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("witness NAME LOG-VKEY")
	}
	log, err := note.NewVerifier(args[1])
	if err != nil {
		return err
	}
	skey, vkey, err := note.GenerateKey(rand.Reader, args[0])
	if err != nil {
		return err
	}
	signer, err := f_note.NewSignerForCosignatureV1(skey)
	if err != nil {
		return err
	}
	cosigner, err := f_note.VKeyToCosignatureV1(vkey)
	if err != nil {
		return err
	}
	w, err := witness.New(context.Background(), witness.Opts{
		Persistence: inmemory.New(),
		Signers:     []note.Signer{signer},
		VerifierForLog: func(_ context.Context, origin string) (note.Verifier, bool, error) {
			return log, origin == log.Name(), nil
		},
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", witness.NewHTTPHandler(w).AddCheckpoint)
	go func() { _ = http.Serve(listener, mux) }()
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{"url": "http://" + listener.Addr().String(), "vkey": cosigner}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
