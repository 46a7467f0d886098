package io.heterospec.processor.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * The header of a safetensors file: an 8-byte little-endian length, then JSON of that length, then
 * the data. Everything in it is checked against the file before any tensor is read.
 *
 * @param dataStart file offset of the data
 * @param json the header's bytes
 * @param entries the tensors in order of their offset
 * @see <a href="https://huggingface.co/docs/safetensors">the format</a>
 */
record SafetensorsHeader(long dataStart, byte[] json, List<TensorEntry> entries) {
  private static final int LENGTH_BYTES = 8;

  /**
   * A tenth of the reference implementation's limit, and a hundred times what a model of 70 billion
   * parameters needs: the parsed header must fit in memory many times over.
   */
  private static final long MAX_HEADER_BYTES = 10_000_000;

  private static final ObjectMapper MAPPER =
      JsonMapper.builder().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION).build();

  static SafetensorsHeader read(Path file, FileChannel channel) throws IOException {
    long size = channel.size();
    if (size < LENGTH_BYTES) {
      throw broken(file, "is truncated: it has only " + size + " bytes");
    }
    long length = readFully(channel, 0, LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (length < 2 || length > MAX_HEADER_BYTES) {
      throw broken(
          file,
          "is not a safetensors file: its header would have %s bytes, and at most %d are read"
              .formatted(Long.toUnsignedString(length), MAX_HEADER_BYTES));
    }
    if (length > size - LENGTH_BYTES) {
      throw broken(file, "is truncated: its header of " + length + " bytes is cut off");
    }
    byte[] json = readFully(channel, LENGTH_BYTES, (int) length).array();
    long dataStart = LENGTH_BYTES + length;
    return new SafetensorsHeader(dataStart, json, parse(file, json, size - dataStart));
  }

  private static ByteBuffer readFully(FileChannel channel, long position, int count)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(count);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw new IOException("the file became shorter while it was read");
      }
    }
    return buffer.flip();
  }

  private static List<TensorEntry> parse(Path file, byte[] json, long dataBytes) {
    JsonNode root;
    try {
      root = MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          file + " has a broken header (" + e.getOriginalMessage() + "); download it again", e);
    } catch (IOException e) {
      throw new CheckpointException(file + " has a header that cannot be read", e);
    }
    if (!root.isObject()) {
      throw broken(file, "has a header that is not a JSON object");
    }
    List<TensorEntry> entries = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : root.properties()) {
      if (!field.getKey().equals("__metadata__")) {
        entries.add(entry(file, field.getKey(), field.getValue(), dataBytes));
      }
    }
    entries.sort(Comparator.comparingLong(TensorEntry::begin).thenComparingLong(TensorEntry::end));
    for (int i = 1; i < entries.size(); i++) {
      if (entries.get(i).begin() < entries.get(i - 1).end()) {
        throw broken(
            file,
            "has overlapping tensors "
                + entries.get(i - 1).name()
                + " and "
                + entries.get(i).name());
      }
    }
    return List.copyOf(entries);
  }

  private static TensorEntry entry(Path file, String name, JsonNode node, long dataBytes) {
    TensorType type = type(file, name, node.path("dtype").asText(""));
    long[] shape = longs(file, name, node.path("shape"), "shape");
    long[] offsets = longs(file, name, node.path("data_offsets"), "data_offsets");
    if (offsets.length != 2 || offsets[0] > offsets[1]) {
      throw broken(file, "has broken data_offsets for tensor " + name);
    }
    long expected = type.bytes();
    try {
      for (long dimension : shape) {
        expected = Math.multiplyExact(expected, dimension);
      }
    } catch (ArithmeticException e) {
      throw new CheckpointException(
          file + " has tensor " + name + " with an impossible shape " + Arrays.toString(shape), e);
    }
    if (offsets[1] - offsets[0] != expected) {
      throw broken(
          file,
          "has tensor %s of %s%s with %d bytes instead of %d"
              .formatted(name, type, Arrays.toString(shape), offsets[1] - offsets[0], expected));
    }
    if (offsets[1] > dataBytes) {
      throw broken(
          file,
          "is truncated: tensor " + name + " ends " + (offsets[1] - dataBytes) + " bytes late");
    }
    return new TensorEntry(name, type, shape, offsets[0], offsets[1]);
  }

  private static TensorType type(Path file, String name, String dtype) {
    for (TensorType type : TensorType.values()) {
      if (type.name().equals(dtype)) {
        return type;
      }
    }
    throw new CheckpointException(
        "%s: tensor %s has type %s, which is not supported; use a checkpoint in BF16, F16 or F32"
            .formatted(file, name, dtype.isEmpty() ? "(none)" : dtype));
  }

  private static long[] longs(Path file, String name, JsonNode node, String field) {
    if (!node.isArray()) {
      throw broken(file, "has no " + field + " for tensor " + name);
    }
    long[] values = new long[node.size()];
    for (int i = 0; i < values.length; i++) {
      JsonNode value = node.get(i);
      if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
        throw broken(file, "has " + field + " " + node + " for tensor " + name);
      }
      values[i] = value.longValue();
    }
    return values;
  }

  private static CheckpointException broken(Path file, String what) {
    return new CheckpointException(file + " " + what + "; download it again");
  }
}
