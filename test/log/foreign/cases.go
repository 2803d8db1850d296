package main

import (
	"encoding/json"
	"fmt"
	"os"

	f_proof "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"
)

// testCase is what the log says of one size: its checkpoint, receipts of entries, proofs of growth.
type testCase struct {
	Checkpoint []byte `json:"checkpoint"`
	Receipts   []struct {
		Entry []byte `json:"entry"`
		// tlog-proof@v1
		Proof []byte `json:"proof"`
	} `json:"receipts"`
	Grown []struct {
		Old   int64    `json:"old"`
		Root  []byte   `json:"root"`
		Proof [][]byte `json:"proof"`
	} `json:"grown"`
}

func casesCommand(args []string) error {
	p, err := newPolicy(args[0], "0", nil)
	if err != nil {
		return err
	}
	sizes, inclusions, consistencies := 0, 0, 0
	err = eachLine(func(one testCase) error {
		tree, err := p.checkpoint(one.Checkpoint)
		if err != nil {
			return err
		}
		sizes++
		for _, receipt := range one.Receipts {
			var parsed f_proof.TLogProof
			if err := parsed.Unmarshal(receipt.Proof); err != nil {
				return err
			}
			of, err := p.checkpoint(parsed.Checkpoint)
			if err != nil {
				return err
			}
			if of != tree {
				return fmt.Errorf("a receipt at size %d is of another tree", tree.N)
			}
			leaf := tlog.RecordHash(receipt.Entry)
			path := make([][]byte, len(parsed.Hashes))
			record := make(tlog.RecordProof, len(parsed.Hashes))
			for i, hash := range parsed.Hashes {
				path[i] = hash[:]
				record[i] = hash
			}
			if err := tlog.CheckRecord(record, tree.N, tree.Hash, int64(parsed.Index), leaf); err != nil {
				return err
			}
			if err := proof.VerifyInclusion(rfc6962.DefaultHasher, parsed.Index, uint64(tree.N), leaf[:], path, tree.Hash[:]); err != nil {
				return err
			}
			inclusions++
		}
		for _, grown := range one.Grown {
			hashes := make(tlog.TreeProof, len(grown.Proof))
			for i, hash := range grown.Proof {
				copy(hashes[i][:], hash)
			}
			var old tlog.Hash
			copy(old[:], grown.Root)
			if grown.Old < tree.N { // x/mod has no proof between equal sizes
				if err := tlog.CheckTree(hashes, tree.N, tree.Hash, grown.Old, old); err != nil {
					return fmt.Errorf("%d → %d: %w", grown.Old, tree.N, err)
				}
			}
			if err := proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(grown.Old), uint64(tree.N), grown.Proof, grown.Root, tree.Hash[:]); err != nil {
				return fmt.Errorf("%d → %d: %w", grown.Old, tree.N, err)
			}
			consistencies++
		}
		return nil
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]int{"sizes": sizes, "inclusions": inclusions, "consistencies": consistencies})
}
