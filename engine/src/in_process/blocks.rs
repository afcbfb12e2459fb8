//! What is compressed block by block, as a stream.

use std::io::{self, Read};

/// The blocks of a file, one after another.
pub trait Blocks {
    /// Puts the next one into `block`, which is empty or has an earlier one. Whether there was one more.
    fn next_block(&mut self, block: &mut Vec<u8>) -> io::Result<bool>;
}

/// Reads what the blocks hold.
pub struct BlockReader<B> {
    blocks: B,
    block: Vec<u8>,
    read: usize,
}

impl<B: Blocks> BlockReader<B> {
    /// From the first block on.
    pub fn new(blocks: B) -> Self {
        BlockReader { blocks, block: Vec::new(), read: 0 }
    }
}

impl<B: Blocks> Read for BlockReader<B> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.read == self.block.len() {
            if !self.blocks.next_block(&mut self.block)? {
                return Ok(0);
            }
            self.read = 0;
        }
        let count = buf.len().min(self.block.len() - self.read);
        buf[..count].copy_from_slice(&self.block[self.read..self.read + count]);
        self.read += count;
        Ok(count)
    }
}
