package io.heterospec.topology.route;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/**
 * What the cluster takes. Sending a record beyond it would end the task, and then the one that
 * takes its work up, and so on: so it is asked before.
 */
public final class RecordLimit {
  private static final int MOST_HEADER_BYTES = 16 << 10;

  // Headers, key, lengths and what a batch adds.
  private static final int ENVELOPE = 2 * MOST_HEADER_BYTES;

  private final int bytes;

  /**
   * @param bytes of the largest record that the cluster takes
   */
  public RecordLimit(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of the largest record. */
  public int bytes() {
    return bytes;
  }

  /** Whether a value is too large to be sent, or kept in a changelogged store. */
  public boolean isExceededBy(SpecificRecord value) {
    return size(value) + ENVELOPE > bytes;
  }

  /** Whether there is more in headers than every record that follows from theirs should carry. */
  public static boolean isExceededBy(Headers headers) {
    long size = 0;
    for (Header header : headers) {
      size += header.key().length() + (header.value() == null ? 0 : header.value().length);
    }
    return size > MOST_HEADER_BYTES;
  }

  private static long size(SpecificRecord value) {
    Count count = new Count();
    try {
      BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(count, null);
      new SpecificDatumWriter<SpecificRecord>(value.getSchema()).write(value, encoder);
      encoder.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // nothing is written anywhere
    }
    return count.bytes;
  }

  private static final class Count extends OutputStream {
    private long bytes;

    @Override
    public void write(int one) {
      bytes++;
    }

    @Override
    public void write(byte[] some, int offset, int length) {
      bytes += length;
    }
  }
}
