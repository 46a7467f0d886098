package io.heterospec.processor.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How the weights of a directory are kept; all of them can be read and written. */
public enum WeightFormat {
  SAFETENSORS("model.safetensors", false),
  SHARDED_SAFETENSORS("model.safetensors", true),
  PICKLED("pytorch_model.bin", false),
  SHARDED_PICKLED("pytorch_model.bin", true);

  private static final ObjectMapper JSON = new ObjectMapper();

  private final String file;
  private final boolean sharded;

  WeightFormat(String file, boolean sharded) {
    this.file = file;
    this.sharded = sharded;
  }

  /**
   * Writes weights, with little of them in memory at a time.
   *
   * @param shardBytes most bytes of a shard of several tensors
   * @param written called after each tensor
   * @throws IOException when they cannot be written, or a file exists
   */
  public void write(Path directory, List<TensorRows> tensors, long shardBytes, Runnable written)
      throws IOException {
    if (!sharded) {
      writeFile(directory.resolve(file), tensors, written);
      return;
    }
    List<List<TensorRows>> shards = shards(tensors, shardBytes);
    ObjectNode index = JSON.createObjectNode();
    index
        .putObject("metadata")
        .put("total_size", tensors.stream().mapToLong(TensorRows::bytes).sum());
    ObjectNode map = index.putObject("weight_map");
    int dot = file.lastIndexOf('.');
    for (int i = 0; i < shards.size(); i++) {
      String name =
          "%s-%05d-of-%05d%s"
              .formatted(file.substring(0, dot), i + 1, shards.size(), file.substring(dot));
      shards.get(i).forEach(tensor -> map.put(tensor.name(), name));
      writeFile(directory.resolve(name), shards.get(i), written);
    }
    Files.write(directory.resolve(file + ".index.json"), JSON.writeValueAsBytes(index));
  }

  private void writeFile(Path path, List<TensorRows> tensors, Runnable written) throws IOException {
    if (file.endsWith(".bin")) {
      TorchArchiveWriter.write(path, tensors, written);
    } else {
      SafetensorsWriter.write(path, tensors, written);
    }
  }

  private static List<List<TensorRows>> shards(List<TensorRows> tensors, long shardBytes) {
    List<List<TensorRows>> shards = new ArrayList<>();
    long room = 0;
    for (TensorRows tensor : tensors) {
      if (shards.isEmpty() || tensor.bytes() > room) {
        shards.add(new ArrayList<>());
        room = shardBytes;
      }
      shards.get(shards.size() - 1).add(tensor);
      room -= tensor.bytes();
    }
    return shards;
  }
}
