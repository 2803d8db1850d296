package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"

	f_log "github.com/transparency-dev/formats/log"
	f_note "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// files are the bytes of a published log, by path; read once, and replaced one at a time.
type files struct {
	dir      string
	kept     map[string][]byte
	replaced string
	by       []byte
}

func (f *files) read(path string) ([]byte, error) {
	if path == f.replaced {
		return f.by, nil
	}
	if data, ok := f.kept[path]; ok {
		return data, nil
	}
	data, err := os.ReadFile(filepath.Join(f.dir, path))
	if err == nil {
		f.kept[path] = data
	}
	return data, err
}

// Height, ReadTiles and SaveTiles make it a tlog.TileReader of C2SP paths.
func (f *files) Height() int                     { return 8 }
func (f *files) SaveTiles([]tlog.Tile, [][]byte) {}
func (f *files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := f.read(tilePath(strconv.Itoa(tile.L), tile.N, tile.W))
		if err != nil {
			return nil, err
		}
		if len(data) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("tile %v has %d bytes", tile, len(data))
		}
		all = append(all, data)
	}
	return all, nil
}

func tilePath(level string, n int64, width int) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	return "tile/" + level + "/" + path
}

type policy struct {
	log       note.Verifier
	witnesses []note.Verifier
	required  int
}

func newPolicy(vkey, required string, witnesses []string) (policy, error) {
	var p policy
	var err error
	if p.log, err = note.NewVerifier(vkey); err != nil {
		return p, err
	}
	if p.required, err = strconv.Atoi(required); err != nil {
		return p, err
	}
	for _, one := range witnesses {
		v, err := f_note.NewVerifierForCosignatureV1(one)
		if err != nil {
			return p, err
		}
		p.witnesses = append(p.witnesses, v)
	}
	return p, nil
}

// checkpoint verifies the log's signature and counts cosignatures, once with x/mod's note and once with transparency-dev's parser.
func (p policy) checkpoint(data []byte) (tlog.Tree, error) {
	n, err := note.Open(data, note.VerifierList(append([]note.Verifier{p.log}, p.witnesses...)...))
	if err != nil {
		return tlog.Tree{}, err
	}
	logs, cosigned := 0, map[string]bool{}
	for _, sig := range n.Sigs {
		if sig.Name == p.log.Name() && sig.Hash == p.log.KeyHash() {
			logs++
		}
		for _, w := range p.witnesses {
			if sig.Name == w.Name() && sig.Hash == w.KeyHash() {
				if _, err := f_note.CoSigV1Timestamp(sig); err != nil {
					return tlog.Tree{}, err
				}
				cosigned[w.Name()] = true
			}
		}
	}
	if logs == 0 || len(cosigned) < p.required {
		return tlog.Tree{}, fmt.Errorf("%d signatures of the log, %d cosignatures", logs, len(cosigned))
	}
	cp, rest, _, err := f_log.ParseCheckpoint(data, p.log.Name(), p.log, p.witnesses...)
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(rest) > 0 {
		return tlog.Tree{}, fmt.Errorf("extension lines")
	}
	tree := tlog.Tree{N: int64(cp.Size)}
	copy(tree.Hash[:], cp.Hash)
	return tree, nil
}

// verify checks the checkpoint, every bundle against every tile (x/mod), and the entries' root (transparency-dev).
func verify(f *files, p policy) (tlog.Tree, tlog.HashReader, error) {
	data, err := f.read("checkpoint")
	if err != nil {
		return tlog.Tree{}, nil, err
	}
	tree, err := p.checkpoint(data)
	if err != nil {
		return tree, nil, err
	}
	reader := tlog.TileHashReader(tree, f)
	ranges := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	for start := int64(0); start < tree.N; start += 256 {
		width := int(min(256, tree.N-start))
		bundle, err := f.read(tilePath("entries", start/256, width))
		if err != nil {
			return tree, nil, err
		}
		var indexes []int64
		var leaves []tlog.Hash
		for i := 0; i < width; i++ {
			if len(bundle) < 2 {
				return tree, nil, fmt.Errorf("the bundle at %d is short", start)
			}
			length := int(binary.BigEndian.Uint16(bundle))
			if len(bundle) < 2+length {
				return tree, nil, fmt.Errorf("the bundle at %d is short", start)
			}
			leaf := tlog.RecordHash(bundle[2 : 2+length])
			bundle = bundle[2+length:]
			leaves = append(leaves, leaf)
			indexes = append(indexes, tlog.StoredHashIndex(0, start+int64(i)))
			if err := ranges.Append(leaf[:], nil); err != nil {
				return tree, nil, err
			}
		}
		if len(bundle) > 0 {
			return tree, nil, fmt.Errorf("the bundle at %d is long", start)
		}
		hashes, err := reader.ReadHashes(indexes)
		if err != nil {
			return tree, nil, err
		}
		for i, leaf := range leaves {
			if hashes[i] != leaf {
				return tree, nil, fmt.Errorf("entry %d is not in its tile", start+int64(i))
			}
		}
	}
	root := rfc6962.DefaultHasher.EmptyRoot()
	if tree.N > 0 {
		if root, err = ranges.GetRootHash(nil); err != nil {
			return tree, nil, err
		}
	}
	if !bytes.Equal(root, tree.Hash[:]) {
		return tree, nil, fmt.Errorf("the entries lead to another root")
	}
	return tree, reader, nil
}

func raw(hashes []tlog.Hash) [][]byte {
	all := make([][]byte, len(hashes))
	for i := range hashes {
		all[i] = hashes[i][:]
	}
	return all
}

// prove makes proofs from the log's tiles with x/mod and verifies each with both libraries.
func prove(tree tlog.Tree, reader tlog.HashReader, count int) error {
	random := rand.New(rand.NewSource(5))
	for i := 0; i < count; i++ {
		index := random.Int63n(tree.N)
		hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		if err != nil {
			return err
		}
		record, err := tlog.ProveRecord(tree.N, index, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(record, tree.N, tree.Hash, index, hashes[0]); err != nil {
			return err
		}
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(index), uint64(tree.N), hashes[0][:], raw(record), tree.Hash[:]); err != nil {
			return err
		}
		old := 1 + random.Int63n(tree.N)
		oldHash, err := tlog.TreeHash(old, reader)
		if err != nil {
			return err
		}
		grown, err := tlog.ProveTree(tree.N, old, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(grown, tree.N, tree.Hash, old, oldHash); err != nil {
			return err
		}
		if err := proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(old), uint64(tree.N), raw(grown), oldHash[:], tree.Hash[:]); err != nil {
			return err
		}
	}
	return nil
}

type replacement struct {
	Path  string `json:"path"`
	Bytes []byte `json:"bytes"`
}

func logCommand(args []string) error {
	if len(args) < 4 {
		return fmt.Errorf("log DIR PROOFS VKEY K WITNESS-VKEY…")
	}
	p, err := newPolicy(args[2], args[3], args[4:])
	if err != nil {
		return err
	}
	f := &files{dir: args[0], kept: map[string][]byte{}}
	tree, reader, err := verify(f, p)
	if err != nil {
		return err
	}
	proofs, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	if tree.N > 0 {
		if err := prove(tree, reader, proofs); err != nil {
			return err
		}
	}
	found, missed := 0, []string{}
	err = eachLine(func(one replacement) error {
		f.replaced, f.by = one.Path, one.Bytes
		if _, _, err := verify(f, p); err != nil {
			found++
		} else {
			missed = append(missed, one.Path)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"size": tree.N, "proofs": proofs, "found": found, "missed": missed})
}
