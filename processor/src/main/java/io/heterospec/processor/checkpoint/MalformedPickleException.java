package io.heterospec.processor.checkpoint;

/** Where a pickle breaks; its reader adds the file. */
final class MalformedPickleException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param what continues a sentence that begins with the pickle
   */
  MalformedPickleException(String what) {
    super(what);
  }
}
