// A second translation unit that includes the header.
#include "nneval.hpp"

std::string of_second_unit() { return nneval::version(); }
