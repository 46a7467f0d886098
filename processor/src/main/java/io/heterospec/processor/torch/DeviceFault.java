package io.heterospec.processor.torch;

import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a failure says of the device. libtorch tells by its message alone: DJL throws the same
 * exception for all. Sources: the messages of c10's allocators, and the errors of which the CUDA
 * runtime's documentation says that the process must be started again.
 */
public enum DeviceFault {
  /** Its memory ran out: what was asked for did not happen, everything else is as it was. */
  OUT_OF_MEMORY(
      "cuda out of memory",
      "cuda error: out of memory",
      "defaultcpuallocator: can't allocate memory",
      "defaultcpuallocator: not enough memory",
      "cublas_status_alloc_failed",
      "cudnn_status_alloc_failed",
      "std::bad_alloc"),
  /** The device answers every further call of this process with the same error. */
  STICKY(
      "an illegal memory access was encountered",
      "the launch timed out and was terminated",
      "device-side assert triggered",
      "hardware stack error",
      "an illegal instruction was encountered",
      "misaligned address",
      "operation not supported on global/shared address space",
      "invalid program counter",
      "unspecified launch failure",
      "uncorrectable ecc error",
      "uncorrectable nvlink error",
      "cuda error: unknown error"),
  /** Nothing: the failure is the program's or the request's. */
  NONE;

  private final Pattern messages;

  DeviceFault(String... messages) {
    this.messages =
        Pattern.compile(
            Arrays.stream(messages).map(Pattern::quote).collect(Collectors.joining("|")),
            Pattern.CASE_INSENSITIVE);
  }

  /** What a failure or one of its causes says. An error that stays outweighs one that passes. */
  public static DeviceFault of(Throwable failure) {
    DeviceFault found = NONE;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (STICKY.isIn(message)) {
        return STICKY;
      }
      if (OUT_OF_MEMORY.isIn(message)) {
        found = OUT_OF_MEMORY;
      }
    }
    return found;
  }

  private boolean isIn(String message) {
    return messages.matcher(message).find();
  }
}
