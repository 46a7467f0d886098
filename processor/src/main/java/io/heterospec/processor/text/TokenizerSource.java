package io.heterospec.processor.text;

import io.heterospec.processor.checkpoint.CheckpointException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where the text of a {@code tokenizer.json} comes from: the directory's own, or one made from its
 * {@code tokenizer.model} (SentencePiece), which is all that older Llama models have.
 *
 * @param file the file to name in messages
 * @param made the text that was made, or null for the file's own
 */
record TokenizerSource(Path file, byte[] made) {
  private static final String OWN = "tokenizer.json";
  private static final String SENTENCE_PIECE = "tokenizer.model";

  /** The source of a directory, or null where it has no tokenizer. */
  static TokenizerSource of(Path directory) {
    Path own = directory.resolve(OWN);
    if (Files.isRegularFile(own)) {
      return new TokenizerSource(own, null);
    }
    Path pieces = directory.resolve(SENTENCE_PIECE);
    return Files.isRegularFile(pieces)
        ? new TokenizerSource(pieces, SentencePieceTokenizer.json(SentencePieceModel.read(pieces)))
        : null;
  }

  /** Its text from the beginning. */
  InputStream open() {
    try {
      return made == null ? Files.newInputStream(file) : new ByteArrayInputStream(made);
    } catch (IOException e) {
      throw new CheckpointException(file + " cannot be read: " + e.getMessage(), e);
    }
  }
}
