package portrait

import "github.com/portraitdb/portrait/identity"

// nodeCache holds decoded nodes for the writer, which alone may touch it. It
// keeps two generations: a look-up moves a node to the young one, and when the
// young one has filled half the bound it becomes the old one, whose nodes that
// nobody asked for are dropped. Nothing is dropped while a transaction runs.
type nodeCache struct {
	bound      int64
	young, old map[identity.Token]*node
	bytes      int64 // of the young generation
	// passed are the nodes that went through the cache since watch; nil: they are not noted.
	passed map[identity.Token]struct{}
	// hits and misses count the identifiers of events by whether they were there.
	hits, misses uint64
}

// nodeOverhead is what a decoded node costs beside its record's bytes, about.
const nodeOverhead = 400

func newNodeCache(bound int64) *nodeCache {
	return &nodeCache{bound: bound, young: map[identity.Token]*node{}}
}

func (c *nodeCache) get(t identity.Token) *node {
	if c.passed != nil {
		c.passed[t] = struct{}{}
	}
	if n := c.young[t]; n != nil {
		return n
	}
	n := c.old[t]
	if n != nil {
		delete(c.old, t)
		c.put(n)
	}
	return n
}

func (c *nodeCache) put(n *node) {
	if c.passed != nil {
		c.passed[n.token] = struct{}{}
	}
	c.young[n.token] = n
	c.bytes += n.cost()
}

// resize notes that the record of a node in the young generation has become as
// long as bytes.
func (c *nodeCache) resize(n *node, bytes int) {
	c.bytes -= n.cost()
	n.bytes = bytes
	c.bytes += n.cost()
}

// cost is what a decoded node takes in memory, about.
func (n *node) cost() int64 { return int64(2*n.bytes) + nodeOverhead }

// remove forgets one node.
func (c *nodeCache) remove(t identity.Token) {
	if n := c.young[t]; n != nil {
		c.bytes -= n.cost()
	}
	delete(c.young, t)
	delete(c.old, t)
}

// age drops what is over the bound; call it between transactions.
func (c *nodeCache) age() {
	if c.bytes <= c.bound/2 {
		return
	}
	for t, n := range c.young { // one transaction may have brought in any number
		if c.bytes <= c.bound {
			break
		}
		delete(c.young, t)
		c.bytes -= n.cost()
	}
	c.old, c.young = c.young, make(map[identity.Token]*node, len(c.young)/2)
	c.bytes = 0
}

// watch notes from now on which nodes somebody is given, so that forget forgets these alone;
// the caller ends it by unwatch.
func (c *nodeCache) watch() { c.passed = map[identity.Token]struct{}{} }

func (c *nodeCache) unwatch() { c.passed = nil }

// forget forgets what a transaction may have changed that is given up.
func (c *nodeCache) forget() {
	if c.passed == nil {
		c.reset()
		return
	}
	for t := range c.passed {
		c.remove(t)
	}
}

// reset forgets everything.
func (c *nodeCache) reset() {
	c.young, c.old, c.bytes = map[identity.Token]*node{}, nil, 0
}
