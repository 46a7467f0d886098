package io.heterospec.processor.text;

import io.heterospec.processor.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The pieces of a {@code tokenizer.model}: a protocol buffer of which these few fields are read.
 *
 * @param pieces in the order of their ids
 * @param addsPrefix whether a space is put before every text
 * @see <a
 *     href="https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto">the
 *     message</a>
 */
record SentencePieceModel(List<Piece> pieces, boolean addsPrefix) {
  private static final long MAX_BYTES = 64 << 20;
  private static final int BPE = 2;

  /** What a piece is for; the number is the message's. */
  enum Kind {
    NORMAL(1),
    UNKNOWN(2),
    CONTROL(3),
    USER_DEFINED(4),
    UNUSED(5),
    BYTE(6);

    private final int number;

    Kind(int number) {
      this.number = number;
    }

    private static Kind of(long number) {
      for (Kind kind : values()) {
        if (kind.number == number) {
          return kind;
        }
      }
      throw new IllegalArgumentException("kind " + number);
    }
  }

  /** A token: its text with ▁ for a space, and how early it is merged. */
  record Piece(String text, float score, Kind kind) {}

  /**
   * Reads a file.
   *
   * @throws CheckpointException when it is broken, or not a byte-pair model
   */
  static SentencePieceModel read(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new CheckpointException(file + " is too large for a tokenizer; download it again");
      }
      return parse(file, ByteBuffer.wrap(Files.readAllBytes(file)));
    } catch (IOException e) {
      throw new CheckpointException(file + " cannot be read: " + e.getMessage(), e);
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      if (e instanceof CheckpointException known) {
        throw known;
      }
      throw new CheckpointException(file + " is not a SentencePiece model; download it again", e);
    }
  }

  private static SentencePieceModel parse(Path file, ByteBuffer in) {
    List<Piece> pieces = new ArrayList<>();
    long type = 1;
    boolean prefix = true;
    for (ProtoField field : ProtoField.all(in)) {
      switch (field.number()) {
        case 1 -> pieces.add(piece(field.message()));
        case 2 -> {
          for (ProtoField spec : ProtoField.all(field.message())) {
            type = spec.number() == 3 ? spec.value() : type;
          }
        }
        case 3 -> {
          for (ProtoField spec : ProtoField.all(field.message())) {
            prefix = spec.number() == 3 ? spec.value() != 0 : prefix;
          }
        }
        default -> {
          // nothing that changes how text is cut
        }
      }
    }
    if (type != BPE || pieces.isEmpty()) {
      throw new CheckpointException(
          file + " is not a byte-pair model; use a directory with tokenizer.json");
    }
    return new SentencePieceModel(List.copyOf(pieces), prefix);
  }

  private static Piece piece(ByteBuffer in) {
    String text = "";
    float score = 0;
    Kind kind = Kind.NORMAL;
    for (ProtoField field : ProtoField.all(in)) {
      switch (field.number()) {
        case 1 -> text = StandardCharsets.UTF_8.decode(field.message()).toString();
        case 2 -> score = Float.intBitsToFloat((int) field.value());
        case 3 -> kind = Kind.of(field.value());
        default -> {
          // none is defined
        }
      }
    }
    return new Piece(text, score, kind);
  }

  /**
   * A field of a protocol buffer.
   *
   * @param value of a number, as bits
   * @param message of a string or nested message, else null
   */
  private record ProtoField(int number, long value, ByteBuffer message) {
    static List<ProtoField> all(ByteBuffer source) {
      ByteBuffer in = source.duplicate().order(ByteOrder.LITTLE_ENDIAN);
      List<ProtoField> fields = new ArrayList<>();
      while (in.hasRemaining()) {
        long tag = varint(in);
        int number = (int) (tag >>> 3);
        switch ((int) tag & 7) {
          case 0 -> fields.add(new ProtoField(number, varint(in), null));
          case 1 -> fields.add(new ProtoField(number, in.getLong(), null));
          case 2 -> {
            long length = varint(in);
            if (length < 0 || length > in.remaining()) {
              throw new IllegalArgumentException("length " + length);
            }
            fields.add(new ProtoField(number, 0, in.slice(in.position(), (int) length)));
            in.position(in.position() + (int) length);
          }
          case 5 -> fields.add(new ProtoField(number, in.getInt(), null));
          default -> throw new IllegalArgumentException("wire type " + (tag & 7));
        }
      }
      return fields;
    }

    private static long varint(ByteBuffer in) {
      long value = 0;
      for (int shift = 0; shift < Long.SIZE; shift += 7) {
        byte next = in.get();
        value |= (long) (next & 0x7f) << shift;
        if (next >= 0) {
          return value;
        }
      }
      throw new IllegalArgumentException("a number of more than 64 bits");
    }
  }
}
