package portrait

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// What records of the audit log say was done. Those of decisions have the names of
// Decided.What.
const (
	didErase      = "erase"
	didAnonymise  = "anonymise"
	didHold       = "hold"
	didRelease    = "release"
	didSuppress   = "suppress"
	didUnsuppress = "unsuppress"
	didPurge      = "purge"
	didExport     = "export"
	didApply      = "apply"
	didRekey      = "rekey"
	didRepair     = "repair"
	didBackup     = "backup"
	didCheckpoint = "checkpoint"
	didSuggest    = "suggest"
	didPrune      = "prune"
	didReplay     = "replay"
	didCopy       = "copy"
	didRestrict   = "restrict"
	didUnrestrict = "unrestrict"
	didOptOut     = "opt out"
	didOptIn      = "opt in"
	didUpload     = "upload list"
	didEdit       = "edit list"
	didDrop       = "drop list"
	didBackupKeys = "backup keys"
)

// detailBegun is what a record says of work in several commits that is about to begin. Another
// record is written at its end.
const detailBegun = "begun"

// maxSubjects is how many pseudonyms one record of the audit log has at most.
const maxSubjects = 1000

// pseudonyms makes the pseudonyms of the audit log. Their key is the store's, but not the
// one of tokens: a record is not to be joined with other records by who reads the files.
type pseudonyms struct{ key [sha256.Size]byte }

func newPseudonyms(key [32]byte) pseudonyms {
	// No token is made of this text: those have a zero byte in what is hashed.
	return pseudonyms{mac(key[:], []byte("portrait audit subjects"))}
}

func (p pseudonyms) of(token identity.Token) privacy.Pseudonym {
	sum := mac(p.key[:], token[:])
	return privacy.Pseudonym(sum[:len(privacy.Pseudonym{})])
}

func mac(key, text []byte) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	h.Sum(sum[:0])
	return sum
}

// noted takes over what a context says for the audit log.
func (t *txn) noted(ctx context.Context) error {
	t.note = privacy.NoteOf(ctx)
	return t.note.Validate()
}

// attest puts into the audit log what the transaction does, and to whose data: in the
// same commit, so that there is neither without the other. Detail is never anybody's
// data.
func (t *txn) attest(what, detail string, tokens ...identity.Token) {
	subjects := make([]privacy.Pseudonym, len(tokens))
	for i, token := range tokens {
		subjects[i] = t.db.pseudonyms.of(token)
	}
	slices.SortFunc(subjects, func(a, b privacy.Pseudonym) int { return bytes.Compare(a[:], b[:]) })
	subjects = slices.Compact(subjects)
	for {
		n := min(len(subjects), maxSubjects)
		t.chain(&privacy.Record{
			Epoch: t.meta.epoch + 1, At: t.now().Time(), What: what, Detail: detail, Subjects: subjects[:n], Note: t.note,
		})
		if subjects = subjects[n:]; len(subjects) == 0 {
			return
		}
	}
}

// chain writes one record, after the one before.
func (t *txn) chain(rec *privacy.Record) {
	head := t.db.audited
	if t.audited != nil {
		head = *t.audited
	}
	chainAfter(t.batch, head, rec)
	t.audited = &rec.Head
}

// chainAfter writes a record after the one that a head is of.
func chainAfter(b *store.Batch, head privacy.Head, rec *privacy.Record) {
	rec.Number = head.Number + 1
	rec.Hash = chained(head.Hash, rec)
	b.Set(keys.AppendChain(nil, rec.Number), appendChained(nil, rec))
	b.Set(keys.AppendMeta(nil, metaAudit), appendHead(nil, rec.Head))
}

// chained returns the hash of a record: over that of the one before and all that it says.
func chained(before [32]byte, rec *privacy.Record) [32]byte {
	text := pack.AppendUint(before[:], rec.Number)
	return sha256.Sum256(appendAttested(text, rec))
}

// appendAttested appends what a record says.
func appendAttested(dst []byte, rec *privacy.Record) []byte {
	dst = pack.AppendUint(dst, rec.Epoch)
	dst = pack.AppendInt(dst, int64(profile.InstantOf(rec.At)))
	for _, s := range [...]string{rec.What, rec.Detail, rec.By, rec.Case} {
		dst = pack.AppendString(dst, s)
	}
	dst = pack.AppendArray(dst, len(rec.Subjects))
	for _, s := range rec.Subjects {
		dst = pack.AppendBin(dst, s[:])
	}
	return dst
}

func appendChained(dst []byte, rec *privacy.Record) []byte {
	dst = appendAttested(pack.AppendArray(append(dst, recordVersion), 8), rec)
	return pack.AppendBin(dst, rec.Hash[:])
}

func decodeChained(key, data []byte) (rec privacy.Record, err error) {
	number, ok := keys.ReadChain(key)
	if !ok {
		return rec, fmt.Errorf("%w: audit log key of %d bytes", ErrCorrupt, len(key))
	}
	r := openRecord(data)
	r.Fields("audit log", 8)
	rec.Number, rec.Epoch, rec.At = number, r.Uint(), profile.Instant(r.Int()).Time()
	rec.What, rec.Detail, rec.By, rec.Case = r.String(), r.String(), r.String(), r.String()
	n := r.Array(2 + len(privacy.Pseudonym{}))
	if n > 0 {
		rec.Subjects = make([]privacy.Pseudonym, n)
	}
	for i := 0; i < n && r.Err() == nil; i++ {
		rec.Subjects[i] = privacy.Pseudonym(readToken(&r, r.Bin()))
		if i > 0 && bytes.Compare(rec.Subjects[i-1][:], rec.Subjects[i][:]) >= 0 {
			r.Fail(errors.New("subjects are not ascending"))
		}
	}
	rec.Hash = readHash(&r)
	return rec, closeRecord("audit log", &r)
}

func readHash(r *pack.Reader) (hash [32]byte) {
	if b := r.Bin(); len(b) == len(hash) {
		return [32]byte(b)
	} else if r.Err() == nil {
		r.Fail(fmt.Errorf("hash of %d bytes", len(b)))
	}
	return hash
}

func appendHead(dst []byte, h privacy.Head) []byte {
	dst = pack.AppendArray(append(dst, recordVersion), 2)
	return pack.AppendBin(pack.AppendUint(dst, h.Number), h.Hash[:])
}

func decodeHead(data []byte) (h privacy.Head, err error) {
	r := openRecord(data)
	r.Fields("audit head", 2)
	h.Number, h.Hash = r.Uint(), readHash(&r)
	return h, closeRecord("audit head", &r)
}

// getter is where a record is read from.
type getter interface {
	GetTo(dst, key []byte) ([]byte, bool, error)
}

// auditHead reads where the audit log stands.
func auditHead(from getter) (privacy.Head, error) { return readHead(from, metaAudit) }

func readHead(from getter, name string) (h privacy.Head, err error) {
	data, ok, err := from.GetTo(nil, keys.AppendMeta(nil, name))
	if err != nil || !ok {
		return h, err
	}
	return decodeHead(data)
}

// loadAudit reads where the audit log goes on.
func (db *DB) loadAudit() error {
	snap, err := db.store.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Close()
	db.audited, err = auditEnd(snap)
	return err
}

// auditEnd returns the head that the next record comes after. Where records are there behind
// the head the log is damaged, which VerifyAudit tells of: the next one comes behind them,
// so that none is written over.
func auditEnd(snap *store.Snapshot) (privacy.Head, error) {
	h, err := auditHead(snap)
	if err != nil {
		return h, err
	}
	for kv, err := range snap.Scan(keys.AppendChain(nil, h.Number+1), keys.End([]byte{keys.Chain})) {
		if err != nil {
			return h, err
		}
		if number, ok := keys.ReadChain(kv.Key); ok {
			h.Number = number
		}
	}
	return h, nil
}

// attestAlone commits a record of what leaves no other trace in the store.
func (db *DB) attestAlone(ctx context.Context, what string, tokens ...identity.Token) error {
	return db.attestDetail(ctx, what, "", tokens...)
}

func (db *DB) attestDetail(ctx context.Context, what, detail string, tokens ...identity.Token) error {
	return db.transact(ctx, func(t *txn) error {
		t.settled = true
		t.attest(what, detail, tokens...)
		return nil
	}, func(*txn) {})
}

// attestDecided records the decisions of a transaction, those of a kind together.
func (t *txn) attestDecided() {
	for _, what := range slices.Sorted(maps.Keys(t.decided)) {
		t.attest(what, "", t.decided[what]...)
	}
}

// listDetail is what the audit log says of a list: the hash of its name, which is a text of
// the host's own and could be anybody's, and how many identifiers it then holds.
func listDetail(name string, identifiers int64) string {
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("list sha256:%x: %d identifiers", sum, identifiers)
}

// modelDetail is what the audit log says of a model: the hash of its stored form.
func modelDetail(stored []byte) string {
	sum := sha256.Sum256(stored)
	return "model sha256:" + hex.EncodeToString(sum[:])
}
