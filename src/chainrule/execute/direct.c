/* Calls of compiled programs from Python without Python in between. Compiled after frame.h, once.

   Such a call takes arrays that fit the program exactly as they are, and gives None for everything else, without having
   changed anything but inputs that the next call writes again: who called then goes the thorough way, which converts
   what can be converted and says what is wrong with the rest. So nothing here explains, and nothing is decided here.

   What is used of Python is its stable interface of 3.11, declared by hand: its headers are not on every machine that has
   a C compiler. */
#include <stddef.h>
#include <string.h>

typedef struct python_object PyObject;
typedef ptrdiff_t Py_ssize_t;
typedef struct {
  void *buf;
  PyObject *obj;
  Py_ssize_t len, itemsize;
  int readonly, ndim;
  char *format;
  Py_ssize_t *shape, *strides, *suboffsets;
  void *internal;
} Py_buffer;
typedef struct {
  const char *name;
  PyObject *(*function)(PyObject *, PyObject *const *, Py_ssize_t);
  int flags;
  const char *documentation;
} PyMethodDef;
enum { METH_FASTCALL = 0x80, PyBUF_WRITABLE = 1, PyBUF_FORMAT = 4, PyBUF_C_CONTIGUOUS = 0x38 };

extern PyObject _Py_NoneStruct;
void Py_IncRef(PyObject *);
void Py_DecRef(PyObject *);
int PyObject_GetBuffer(PyObject *, Py_buffer *, int);
void PyBuffer_Release(Py_buffer *);
PyObject *PyObject_GetAttrString(PyObject *, const char *);
PyObject *PyObject_Type(PyObject *);
PyObject *PyObject_CallFunctionObjArgs(PyObject *, ...);
PyObject *PyTuple_New(Py_ssize_t);
int PyTuple_SetItem(PyObject *, Py_ssize_t, PyObject *);
PyObject *PyLong_FromSsize_t(Py_ssize_t);
void *PyLong_AsVoidPtr(PyObject *);
double PyFloat_AsDouble(PyObject *);
void PyErr_Clear(void);
PyObject *PyCFunction_NewEx(PyMethodDef *, PyObject *, PyObject *);
void *PyEval_SaveThread(void);
void PyEval_RestoreThread(void *);

typedef long long i64;
typedef int i32;
typedef unsigned char u8;
struct frame {
  FRAME_FIELDS
};

enum { MOST_AXES = 16 };
enum type { BOOL, UINT8, INT32, INT64, FLOAT32, FLOAT64, TYPES }; /* as the program counts them */
enum place { NOWHERE, SHARED, OUTSIDE, FEED };

/* Where an array lies in the program's memory, piece by piece: as many loops as it has gaps, and what lies together. */
struct spread {
  char *start;
  i64 loops, bytes;
  i64 counts[MOST_AXES], strides[MOST_AXES];
};

struct conversion {
  void (*convert)(void *, const void *, i64);
  i64 to, from; /* bytes of an element */
};

struct input {
  PyObject **held; /* the array that cannot change and whose numbers the program has, else NULL */
  i64 place, number, axes, type, finite, fraction;
  i64 shape[MOST_AXES]; /* -1: as many as there are samples */
  const char *formats;  /* of the element types that are accepted, and the program's numbers for them */
  const i64 *types;
  struct spread spread;
};

struct output {
  PyObject *dtype;
  i64 place, number, axes;
  i64 shape[MOST_AXES]; /* -k: k times as many as there are samples */
  struct spread spread;
};

struct direct {
  int (*run)(void *work, void *frame, int threads); /* of the team */
  void *work;
  struct frame *frame;
  const i64 *capacity; /* samples that there is memory for */
  PyObject *array_type, *bytes_type, *float_type, *empty;
  i64 inputs, outputs, threads, usual; /* the number of samples where no input tells it */
  double cycles_of_sample, cycles_beside, cycles_of_thread;
  struct input *input;
  struct output *output;
  Py_buffer *buffers; /* of the inputs */
  void **outside;
  i64 *types;
  char *feeds, *results;
};

/* From an array, whose elements lie together, into the program's memory; or the other way. */
static void load(const struct spread *s, i64 loop, char *inside, const char **array, const struct conversion *c) {
  if (loop < s->loops) {
    for (i64 k = 0; k < s->counts[loop]; k++) load(s, loop + 1, inside + k * s->strides[loop], array, c);
    return;
  }
  i64 count = s->bytes / c->to;
  if (c->convert)
    c->convert(inside, *array, count);
  else
    memcpy(inside, *array, (size_t)s->bytes);
  *array += count * c->from;
}

static void store(const struct spread *s, i64 loop, const char *inside, char **array) {
  if (loop < s->loops) {
    for (i64 k = 0; k < s->counts[loop]; k++) store(s, loop + 1, inside + k * s->strides[loop], array);
    return;
  }
  memcpy(*array, inside, (size_t)s->bytes);
  *array += s->bytes;
}

#define CONVERT(to, from)                                                                \
  static void to##_from_##from(void *target, const void *source, i64 count) {            \
    for (i64 k = 0; k < count; k++) ((to *)target)[k] = (to)((const from *)source)[k];   \
  }
CONVERT(float, u8)
CONVERT(float, double)
CONVERT(double, u8)
CONVERT(double, float)
CONVERT(i64, u8)
CONVERT(i64, i32)
CONVERT(i32, u8)

/* By the types' numbers; NULL: as they are. */
static const struct conversion conversions[TYPES][TYPES] = {
  [BOOL] = {[BOOL] = {NULL, 1, 1}},
  [UINT8] = {[UINT8] = {NULL, 1, 1}},
  [INT32] = {[INT32] = {NULL, 4, 4}, [UINT8] = {i32_from_u8, 4, 1}},
  [INT64] = {[INT64] = {NULL, 8, 8}, [INT32] = {i64_from_i32, 8, 4}, [UINT8] = {i64_from_u8, 8, 1}},
  [FLOAT32] = {[FLOAT32] = {NULL, 4, 4}, [FLOAT64] = {float_from_double, 4, 8}, [UINT8] = {float_from_u8, 4, 1}},
  [FLOAT64] = {[FLOAT64] = {NULL, 8, 8}, [FLOAT32] = {double_from_float, 8, 4}, [UINT8] = {double_from_u8, 8, 1}},
};

#define ALL_BELOW(t, integer, infinity)                                                      \
  static int all_below_##t(integer limit, const t *numbers, i64 count) {                     \
    integer largest = 0, bits;                                                               \
    for (i64 k = 0; k < count; k++) {                                                        \
      memcpy(&bits, numbers + k, sizeof bits);                                               \
      bits &= infinity | (infinity - 1); /* without the sign: as integers in the same order */ \
      largest = bits > largest ? bits : largest;                                             \
    }                                                                                        \
    return largest < limit;                                                                  \
  }
ALL_BELOW(float, int, 0x7F800000)
ALL_BELOW(double, i64, 0x7FF0000000000000)

/* Whether all numbers are finite, and stay so in the type of the input. */
static int is_finite(i64 type, char format, const Py_buffer *b) {
  i64 limit = type == FLOAT32 ? 0x47EFFFFFF0000000 : 0x7FF0000000000000; /* from 2^128 - 2^103 on floats are infinite */
  if (format == 'f') return all_below_float(0x7F800000, b->buf, b->len / 4);
  if (format == 'd') return all_below_double(limit, b->buf, b->len / 8);
  return 1;
}

static int is_of(PyObject *object, PyObject *type) {
  PyObject *own = PyObject_Type(object);
  Py_DecRef(own);
  return own == type;
}

/* Whether nobody can ever write into this array, because it is a view of bytes: worth to be held. */
static int lies_in_bytes(const struct direct *d, PyObject *array) {
  PyObject *base = PyObject_GetAttrString(array, "base");
  if (!base) return 0;
  int found = is_of(base, d->bytes_type);
  Py_DecRef(base);
  return found;
}

/* Whether the array is what this input takes; the number of samples is set by the first that has them. */
static int fits(const struct direct *d, const struct input *in, PyObject *array, const Py_buffer *b, i64 *samples) {
  if (b->ndim != in->axes || !b->len || !b->format || !b->format[0] || b->format[1]) return 0;
  const char *format = strchr(in->formats, b->format[0]);
  if (!format) return 0;
  for (i64 k = 0; k < in->axes; k++) {
    i64 wanted = in->shape[k];
    if (wanted < 0) {
      if (*samples < 0) *samples = b->shape[k];
      wanted = *samples;
    }
    if (b->shape[k] != wanted) return 0;
  }
  if (in->finite && !is_finite(in->type, *format, b)) return 0;
  switch (in->place) {
    case OUTSIDE:
      d->outside[in->number] = b->buf;
      d->types[in->number] = in->types[format - in->formats];
      return 1;
    case FEED: memcpy(d->feeds + 8 * in->number, b->buf, (size_t)b->itemsize); return 1;
    case SHARED: {
      if (b->readonly && lies_in_bytes(d, array)) return 0; /* the thorough way will hold it */
      if (in->held) *in->held = NULL;
      const char *from = b->buf;
      load(&in->spread, 0, in->spread.start, &from, &conversions[in->type][in->types[format - in->formats]]);
      return 1;
    }
    default: return 1;
  }
}

/* A number of Python's in place of an array; not one that the type is too small for. */
static int takes(const struct direct *d, const struct input *in, PyObject *number) {
  double wide = PyFloat_AsDouble(number);
  float narrow = (float)wide;
  if (in->type == FLOAT32 && narrow - narrow != 0 && wide - wide == 0) return 0;
  if (in->place != FEED) return in->place == NOWHERE;
  memcpy(d->feeds + 8 * in->number, in->type == FLOAT32 ? (void *)&narrow : (void *)&wide, in->type == FLOAT32 ? 4 : 8);
  return 1;
}

static PyObject *made(const struct direct *d, const struct output *out, i64 samples, Py_buffer *b) {
  PyObject *shape = PyTuple_New(out->axes);
  if (!shape) return NULL;
  for (i64 k = 0; k < out->axes; k++) {
    i64 extent = out->shape[k] < 0 ? -out->shape[k] * samples : out->shape[k];
    PyTuple_SetItem(shape, k, PyLong_FromSsize_t((Py_ssize_t)extent));
  }
  PyObject *array = PyObject_CallFunctionObjArgs(d->empty, shape, out->dtype, NULL);
  Py_DecRef(shape);
  if (array && PyObject_GetBuffer(array, b, PyBUF_WRITABLE)) {
    Py_DecRef(array);
    return NULL;
  }
  return array;
}

static int ran(const struct direct *d, i64 samples) {
  struct frame *f = d->frame;
  f->outside = d->outside, f->types = d->types, f->places = NULL;
  f->feeds = d->feeds, f->results = d->results;
  f->batch = samples, f->steps = 1, f->done = f->watched = f->fault = 0;
  double worth = (d->cycles_of_sample * (double)samples + d->cycles_beside) / d->cycles_of_thread;
  i64 threads = worth < 1 ? 1 : worth < (double)d->threads ? (i64)worth : d->threads;
  void *state = PyEval_SaveThread();
  d->run(d->work, f, (int)threads);
  PyEval_RestoreThread(state);
  return !f->fault;
}

/* Arrays for all outputs in a tuple, filled; NULL where there is no memory, or an index left its array. */
static PyObject *results(const struct direct *d, i64 samples) {
  PyObject *found = PyTuple_New(d->outputs);
  if (!found) return NULL;
  char *memory[d->outputs];
  for (i64 k = 0; k < d->outputs; k++) {
    const struct output *out = &d->output[k];
    Py_buffer b;
    PyObject *array = made(d, out, samples, &b);
    if (!array) {
      Py_DecRef(found);
      return NULL;
    }
    PyTuple_SetItem(found, k, array);
    memory[k] = b.buf; /* stays where it is: nobody else knows the array yet */
    PyBuffer_Release(&b);
    if (out->place == OUTSIDE) d->outside[out->number] = memory[k];
  }
  if (!ran(d, samples)) {
    Py_DecRef(found);
    return NULL;
  }
  for (i64 k = 0; k < d->outputs; k++)
    if (d->output[k].place == SHARED) store(&d->output[k].spread, 0, d->output[k].spread.start, &memory[k]);
  return found;
}

static PyObject *call(PyObject *self, PyObject *const *arrays, Py_ssize_t count) {
  const struct direct *d = PyLong_AsVoidPtr(self);
  PyObject *found = NULL;
  i64 samples = -1, views = 0, k = 0;
  if (count == d->inputs) {
    for (; k < count; k++) {
      const struct input *in = &d->input[k];
      if (in->held && *in->held == arrays[k]) continue;
      if (in->fraction && is_of(arrays[k], d->float_type)) {
        if (takes(d, in, arrays[k])) continue;
        break;
      }
      Py_buffer *b = &d->buffers[views];
      if (!is_of(arrays[k], d->array_type)) break;
      if (PyObject_GetBuffer(arrays[k], b, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS)) break;
      views++;
      if (!fits(d, in, arrays[k], b, &samples)) break;
    }
    if (samples < 0) samples = d->usual;
    if (k == count && samples <= *d->capacity) found = results(d, samples);
  }
  while (views) PyBuffer_Release(&d->buffers[--views]);
  if (found) return found;
  PyErr_Clear(); /* the thorough way will meet it again */
  Py_IncRef(&_Py_NoneStruct);
  return &_Py_NoneStruct;
}

static PyMethodDef definition = {"direct", call, METH_FASTCALL, NULL};

/* The Python function of a struct direct, whose address is `self`. */
PyObject *function_of(PyObject *self) { return PyCFunction_NewEx(&definition, self, NULL); }
