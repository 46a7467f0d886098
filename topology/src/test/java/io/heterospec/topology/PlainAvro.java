package io.heterospec.topology;

import io.heterospec.schemas.AvroSerde;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Settings of a topology that a test drives without a broker and without a registry. */
public final class PlainAvro {
  private PlainAvro() {}

  /**
   * @param state directory of its state
   * @param more of its settings
   */
  public static HeteroSpecConfig config(Path state, Map<String, String> more) {
    Map<String, Object> settings = new HashMap<>(more);
    settings.put("bootstrap.servers", "none:1");
    settings.put(HeteroSpecConfig.STATE_DIR, state.toString());
    settings.put(AvroSerde.SERIALIZER, PlainAvroSerializer.class.getName());
    settings.put(AvroSerde.DESERIALIZER, PlainAvroDeserializer.class.getName());
    return HeteroSpecConfig.fromMap(settings);
  }
}
